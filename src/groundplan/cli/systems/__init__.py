"""Commands of what stands above the kernel."""
