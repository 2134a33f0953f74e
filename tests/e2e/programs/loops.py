#!/usr/bin/python3
# A custom runtime with as many loops as AWS_LAMBDA_MAX_CONCURRENCY says, each a thread. A call does what its event says and answers which
# process it was in, and how many calls that had at once meanwhile.
#
#   {"print": text, "burn": seconds of processor time, "sleep": seconds, "crash": status}, each if there, in this order
import http.client
import json
import os
import threading
import time
import uuid

instance = uuid.uuid4().hex
changed = threading.Lock()
running = {}  # by request id, the most calls at once


def do(event):
    if 'print' in event:
        print(event['print'], flush=True)
    end = time.thread_time() + event.get('burn', 0)
    while time.thread_time() < end:
        pass
    time.sleep(event.get('sleep', 0))
    if 'crash' in event:
        os._exit(event['crash'])


def loop():
    api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
    while True:
        api.request('GET', '/2018-06-01/runtime/invocation/next')
        reply = api.getresponse()
        event = json.loads(reply.read())
        request = reply.headers['Lambda-Runtime-Aws-Request-Id']
        with changed:
            running[request] = 0
            for other in running:
                running[other] = max(running[other], len(running))
        do(event)
        with changed:
            most = running.pop(request)
        api.request('POST', f'/2018-06-01/runtime/invocation/{request}/response', json.dumps({'instance': instance, 'most': most}))
        api.getresponse().read()


for _ in range(int(os.environ.get('AWS_LAMBDA_MAX_CONCURRENCY', '1'))):
    threading.Thread(target=loop).start()
