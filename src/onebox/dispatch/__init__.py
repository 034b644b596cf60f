"""Where runs are executed: lanes, driver, timers, schedules, requests, retention."""
