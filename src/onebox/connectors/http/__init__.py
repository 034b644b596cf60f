"""Step kinds http.get, http.post, …: requests to any HTTP service."""
