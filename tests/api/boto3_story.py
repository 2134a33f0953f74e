"""A function's whole life as boto3 sees it; run by boto3.test.mjs with the daemon's address as the argument.

Every assertion speaks of what the unmodified client returned. Prints one line for each chapter; fails by exception.
"""
import base64
import hashlib
import io
import json
import sys
import time
import urllib.request
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = 'arn:aws:iam::000000000000:role/test'
client = boto3.client('lambda', endpoint_url=sys.argv[1], region_name='us-east-1', config=Config(retries={'max_attempts': 0}))
QUICK = {'Delay': 1, 'MaxAttempts': 30}  # s: the shortest whole delay that waiters take


def package(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def digest(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def download(url):
    with urllib.request.urlopen(url) as reply:
        return reply.read()


def invoke(qualifier='$LATEST', payload=None, **more):
    reply = client.invoke(FunctionName='story', Qualifier=qualifier, Payload=json.dumps(payload), **more)
    text = reply['Payload'].read()
    return reply, json.loads(text) if text else None


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response['Error']['Code'] == code, error.response
        return error.response
    raise AssertionError(f'expected {code}')


def updated():
    client.get_waiter('function_updated_v2').wait(FunctionName='story', WaiterConfig=QUICK)


FIRST = package({'story.py': "import os\n\n\ndef handler(event, context):\n    print('told', event)\n    return [os.environ['WORD'], event]\n"})
SECOND = package({'story.py': "import shared\n\n\ndef handler(event, context):\n    return [shared.WORD, event]\n"})
LAYER = package({'python/shared.py': "WORD = 'from the layer'\n", 'note.txt': 'a file of the layer'})


def create():
    made = client.create_function(FunctionName='story', Runtime='python3.11', Role=ROLE, Handler='story.handler', Code={'ZipFile': FIRST},
                                  Environment={'Variables': {'WORD': 'first'}}, MemorySize=256, Timeout=10)
    assert made['State'] == 'Pending' and made['ResponseMetadata']['HTTPStatusCode'] == 201, made
    client.get_waiter('function_active_v2').wait(FunctionName='story', WaiterConfig=QUICK)
    refused('ResourceConflictException', client.create_function, FunctionName='story', Runtime='python3.11', Role=ROLE,
            Handler='story.handler', Code={'ZipFile': FIRST})


def call():
    reply, result = invoke(payload={'a': 1}, LogType='Tail')
    assert (reply['StatusCode'], reply['ExecutedVersion'], result) == (200, '$LATEST', ['first', {'a': 1}]), (reply, result)
    log = base64.b64decode(reply['LogResult']).decode()
    assert "told {'a': 1}" in log and 'REPORT RequestId: ' in log and 'Memory Size: 256 MB' in log, log
    assert invoke(payload={}, InvocationType='Event')[0]['StatusCode'] == 202
    assert invoke(payload={}, InvocationType='DryRun')[0]['StatusCode'] == 204


def code():
    found = client.get_function(FunctionName='story')
    content = download(found['Code']['Location'])
    assert content == FIRST and found['Configuration']['CodeSha256'] == digest(FIRST) and found['Configuration']['CodeSize'] == len(FIRST)
    layer = client.publish_layer_version(LayerName='shared', Content={'ZipFile': LAYER}, CompatibleRuntimes=['python3.11'])
    assert download(client.get_layer_version(LayerName='shared', VersionNumber=layer['Version'])['Content']['Location']) == LAYER
    changed = client.update_function_code(FunctionName='story', ZipFile=SECOND)
    assert changed['CodeSha256'] == digest(SECOND) and changed['LastUpdateStatus'] == 'InProgress', changed
    updated()
    client.update_function_configuration(FunctionName='story', Layers=[layer['LayerVersionArn']], Timeout=20)
    updated()
    assert invoke(payload=2)[1] == ['from the layer', 2]


def versions():
    assert client.publish_version(FunctionName='story', CodeSha256=digest(SECOND))['Version'] == '1'
    client.get_waiter('published_version_active').wait(FunctionName='story', Qualifier='1')
    client.update_function_configuration(FunctionName='story', Description='changed')
    updated()
    assert client.publish_version(FunctionName='story')['Version'] == '2'
    client.create_alias(FunctionName='story', Name='live', FunctionVersion='1', RoutingConfig={'AdditionalVersionWeights': {'2': 0.5}})
    seen = {invoke('live')[0]['ExecutedVersion'] for _ in range(60)}
    assert seen == {'1', '2'}, seen  # both, but for one time in 2**59
    client.update_alias(FunctionName='story', Name='live', FunctionVersion='2', RoutingConfig={'AdditionalVersionWeights': {}})
    assert {invoke('live')[0]['ExecutedVersion'] for _ in range(5)} == {'2'}
    pages = client.get_paginator('list_versions_by_function').paginate(FunctionName='story', PaginationConfig={'PageSize': 1})
    assert [page['Versions'][0]['Version'] for page in pages] == ['$LATEST', '1', '2']
    assert [page['Aliases'][0]['Name'] for page in client.get_paginator('list_aliases').paginate(FunctionName='story')] == ['live']


def settings():
    arn = client.get_function(FunctionName='story')['Configuration']['FunctionArn']
    client.tag_resource(Resource=arn, Tags={'team': 'one', 'stage': 'test'})
    client.untag_resource(Resource=arn, TagKeys=['stage'])
    assert client.list_tags(Resource=arn)['Tags'] == {'team': 'one'} == client.get_function(FunctionName='story')['Tags']
    client.put_function_concurrency(FunctionName='story', ReservedConcurrentExecutions=0)
    error = refused('TooManyRequestsException', client.invoke, FunctionName='story')
    assert error['Reason'] == 'ReservedFunctionConcurrentInvocationLimitExceeded' and error['ResponseMetadata']['HTTPStatusCode'] == 429, error
    client.delete_function_concurrency(FunctionName='story')
    client.put_function_event_invoke_config(FunctionName='story', MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60)
    assert client.get_function_event_invoke_config(FunctionName='story')['MaximumRetryAttempts'] == 1
    client.add_permission(FunctionName='story', StatementId='s3', Action='lambda:InvokeFunction', Principal='s3.amazonaws.com')
    policy = json.loads(client.get_policy(FunctionName='story')['Policy'])
    assert [statement['Sid'] for statement in policy['Statement']] == ['s3'], policy
    client.remove_permission(FunctionName='story', StatementId='s3')
    refused('ResourceNotFoundException', client.get_policy, FunctionName='story')
    assert client.get_account_settings()['AccountUsage']['FunctionCount'] == 1


def provisioned():
    client.put_provisioned_concurrency_config(FunctionName='story', Qualifier='2', ProvisionedConcurrentExecutions=1)
    deadline = time.monotonic() + 30
    while True:
        state = client.get_provisioned_concurrency_config(FunctionName='story', Qualifier='2')
        if state['Status'] != 'IN_PROGRESS' or time.monotonic() > deadline:
            break
    assert state['Status'] == 'READY' and state['AvailableProvisionedConcurrentExecutions'] == 1, state
    client.delete_provisioned_concurrency_config(FunctionName='story', Qualifier='2')


def url():
    made = client.create_function_url_config(FunctionName='story', AuthType='NONE', Cors={'AllowOrigins': ['*'], 'MaxAge': 60})
    assert made['Cors'] == {'AllowOrigins': ['*'], 'MaxAge': 60} and '.lambda-url.localhost:' in made['FunctionUrl'], made
    assert client.list_function_url_configs(FunctionName='story')['FunctionUrlConfigs'][0]['FunctionUrl'] == made['FunctionUrl']
    client.delete_function_url_config(FunctionName='story')


def end():
    client.delete_function(FunctionName='story')
    refused('ResourceNotFoundException', client.get_function, FunctionName='story')
    assert client.list_functions()['Functions'] == []


for chapter in (create, call, code, versions, settings, provisioned, url, end):
    chapter()
    print(chapter.__name__)
