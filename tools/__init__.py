"""Commands around runs and measurements; the package never imports them."""
