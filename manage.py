#!/usr/bin/env python3
"""Start here: `python3 manage.py demo | test | gate | bench`, or any Django command."""

import sys

from config.bootstrap import main

if __name__ == "__main__":
    main(sys.argv)
