"""Channel notify: what apprise can reach: Teams, ntfy, Matrix and some hundred others."""
