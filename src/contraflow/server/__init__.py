"""The lab in the browser: a page on this machine where a policy is moved by hand.

In the order in which a reader of the code meets them: ``address`` (what is asked, as an address),
``workshop`` (the case, calibrated and watched), ``desk`` (a lab with its answers), ``screen`` (what the page
shows of an answer), ``lab_pages`` and ``routes`` (what is sent, over HTTP), ``serving`` (the server's life).
``controls``, ``tour`` and ``taking_away`` are parts of the page, ``handout`` is one to mail.
"""
