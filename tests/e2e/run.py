#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the end-to-end tests, each in a process of its own; prints TAP.

    run.py [--jobs N] [--list] [WORD...]     tests whose name has a WORD

A test that is marked `aside' mostly waits: it starts before all others, runs
beside them, and is asked for its result last.
"""
import argparse
import concurrent.futures
import importlib
import itertools
import os
import signal
import subprocess
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 240  # seconds for one test
LIMIT_ASIDE = 900
sys.path.insert(0, HERE)


def tests():
    """(module, function, title, aside) of all test_*.py, in order, those
    that run aside last"""
    found = []
    for file in sorted(os.listdir(HERE)):
        if not (file.startswith('test_') and file.endswith('.py')):
            continue
        module = importlib.import_module(file[:-3])
        for name, func in vars(module).items():
            if name.startswith('test_') and callable(func):
                title = (func.__doc__ or name).strip().split('\n')[0]
                found.append((file[:-3], name, title,
                              getattr(func, 'aside', False)))
    return sorted(found, key=lambda t: t[3])


def run_here(name):
    """The child: one test. 0 passed, 1 failed, 77 skipped"""
    from holler_test import Failure, Lab, Skip
    module, func = name.split('.')
    lab = Lab(func)
    try:
        getattr(importlib.import_module(module), func)(lab)
        return 0
    except Skip as e:
        print('skipped: %s' % e)
        return 77
    except Failure as e:
        print('failed: %s' % e)
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
    print('\n'.join(lab.report()))
    return 1


def run_child(test):
    """The parent: (status as run_here has it, output)"""
    limit = LIMIT_ASIDE if test[3] else LIMIT
    argv = [sys.executable, '-B', os.path.abspath(__file__), '--one',
            '%s.%s' % test[:2]]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, errors='replace',
                          start_new_session=True) as child:
        try:
            out, _ = child.communicate(timeout=limit)
            return child.returncode, out
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            out, _ = child.communicate()
            return 1, (out or '') + 'took longer than %d s' % limit


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--jobs', type=int, default=2)
    ap.add_argument('--list', action='store_true')
    ap.add_argument('--one', help=argparse.SUPPRESS)
    ap.add_argument('words', nargs='*')
    args = ap.parse_args()
    if args.one:
        return run_here(args.one)
    chosen = [t for t in tests() if not args.words or any(
        w in '%s.%s' % t[:2] for w in args.words)]
    if args.list:
        for t in chosen:
            print('%s.%s: %s' % t[:3])
        return 0
    print('1..%d' % len(chosen), flush=True)
    failed = 0
    asides = sum(t[3] for t in chosen)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool, \
            concurrent.futures.ThreadPoolExecutor(asides or 1) as beside:
        last = beside.map(run_child, chosen[len(chosen) - asides:])
        first = pool.map(run_child, chosen[:len(chosen) - asides])
        results = itertools.chain(first, last)
        for i, (test, (status, out)) in enumerate(zip(chosen, results), 1):
            failed += status not in (0, 77)
            print('%s %d - %s.%s: %s%s' % (
                'ok' if status in (0, 77) else 'not ok', i, *test[:3],
                ' # SKIP ' + out.strip() if status == 77 else ''))
            if status not in (0, 77):
                print(''.join('# %s\n' % x for x in out.splitlines()),
                      end='')
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
