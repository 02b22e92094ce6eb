"""Serving over HTTP: processes, server, caching, proxies, logs, metrics and health."""
