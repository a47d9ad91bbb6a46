"""Files for those who run a service: a scrape job and rules for Prometheus, a Grafana dashboard."""
