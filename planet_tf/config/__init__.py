"""Settings: reads gin files, checks them, makes objects from them."""
