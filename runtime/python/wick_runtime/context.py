"""The handler's context object, as AWS documents it ("Using the Lambda context object to retrieve Python function information")."""
import json
import os
import time


class _Members:
    __slots__ = ()

    def __repr__(self):
        return f"{type(self).__name__}([{','.join(f'{name}={getattr(self, name)}' for name in self.__slots__)}])"


class CognitoIdentity(_Members):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    def __init__(self):
        self.cognito_identity_id = None
        self.cognito_identity_pool_id = None


class Client(_Members):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(_Members):
    __slots__ = ("custom", "env", "client")

    def __init__(self, fields):
        self.custom = fields.get("custom")
        self.env = fields.get("env")
        self.client = None
        if isinstance(fields.get("client"), dict):
            self.client = Client()
            for name in Client.__slots__:
                setattr(self.client, name, fields["client"].get(name))


class LambdaContext(_Members):
    __slots__ = (
        "aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb", "function_version",
        "invoked_function_arn", "client_context", "identity", "_deadline_ms",
    )

    def __init__(self, meta):
        self.aws_request_id = meta["requestId"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = meta["arn"]
        fields = json.loads(meta["clientContext"]) if meta.get("clientContext") else None
        self.client_context = ClientContext(fields) if isinstance(fields, dict) else None
        self.identity = CognitoIdentity()
        self._deadline_ms = meta["deadlineMs"]

    def get_remaining_time_in_millis(self):
        return max(int(self._deadline_ms - time.time() * 1000), 0)

    def log(self, message):
        print(message, end="" if str(message).endswith("\n") else "\n")
