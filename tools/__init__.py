"""Programs around runs; they import the package, never the reverse."""
