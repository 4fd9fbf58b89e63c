"""The lab in the browser: a page on this machine where a policy is moved by hand."""
