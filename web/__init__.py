"""What people and programs touch: pages, JSON and commands. ``web.bootstrap`` alone names adapters."""
