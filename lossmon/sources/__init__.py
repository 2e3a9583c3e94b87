"""Where bytes come from: runs found in directories, files tailed, pipes, ssh, object stores."""
