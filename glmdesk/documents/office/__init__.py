"""Office files, web pages, mail and tables: every format a file that opens it as a Book."""
