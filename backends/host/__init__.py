"""The model host: an open code model on this machine, in a process of its own, shared by every editor. The only user of torch."""
