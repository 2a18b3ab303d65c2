"""What MiniStack lacks and a wing needs; gaps.ts has the reasons.

Each correction replaces functions of the pinned version, and fails at the start if one of them is gone.
"""

import functools
import json
import os
import sys
import time
import uuid

from ministack.core import lambda_runtime
from ministack.services import cloudwatch, cloudwatch_logs, ec2, eventbridge, lambda_svc, sns
from ministack.services.cloudformation import _stacks, engine, helpers
from ministack.services.cloudformation import changesets, handlers, provisioners, stacks  # noqa: F401


def correct_all(file_systems):
    correct_conditions()
    correct_nested_templates()
    correct_nested_updates()
    correct_template_addresses()
    correct_metric_math()
    correct_metrics_of_alarms()
    correct_security_group_rules()
    correct_http_apis()
    correct_functions()
    correct_logs()
    correct_mounts(file_systems)
    correct_event_sources()
    correct_mails()


def evaluate_lists(node, params):
    """Evaluates Fn::Join and Fn::Split in a condition, and the parameters in them."""
    if isinstance(node, list):
        return [evaluate_lists(one, params) for one in node]
    if not isinstance(node, dict):
        return node
    if "Ref" in node and node["Ref"] in params:
        return params[node["Ref"]]["Value"]
    if "Fn::Join" in node:
        delimiter, parts = evaluate_lists(node["Fn::Join"], params)
        # A list parameter is one text in which commas separate the entries.
        return delimiter.join(parts.split(",") if isinstance(parts, str) else parts)
    if "Fn::Split" in node:
        delimiter, text = evaluate_lists(node["Fn::Split"], params)
        return text.split(delimiter)
    return {key: evaluate_lists(value, params) for key, value in node.items()}


def correct_conditions():
    plain = engine._evaluate_conditions

    def corrected(template, params):
        conditions = evaluate_lists(template.get("Conditions", {}), params)
        return plain({**template, "Conditions": conditions}, params)

    for name, module in list(sys.modules.items()):
        if name.startswith("ministack.services.cloudformation"):
            if getattr(module, "_evaluate_conditions", None) is plain:
                module._evaluate_conditions = corrected


def correct_nested_templates():
    """Transforms a nested template. Only the code for nested stacks looks the function up when it runs."""
    plain = helpers._resolve_template

    def corrected(params):
        body, error = plain(params)
        if error is not None or not body:
            return body, error
        return json.dumps(engine._apply_transforms(engine._parse_template(body))), None

    helpers._resolve_template = corrected


def correct_nested_updates():
    """Keeps the attributes of what an update of a nested stack leaves as it is. Other stacks pass them on."""
    plain = provisioners._update_resource

    def corrected(resource_type, physical_id, old, new, stack, logical_id):
        attributes = _stacks[stack]["_resources"][logical_id]["Attributes"]
        return plain(resource_type, physical_id, old, new, stack, logical_id, attributes)

    provisioners._update_resource = corrected


def correct_template_addresses():
    """Names S3 in templates as in AWS, where SAM CLI reads them to delete what it uploaded."""
    plain = handlers._ACTION_HANDLERS["GetTemplate"]
    endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}/".encode()

    def corrected(params):
        status, headers, body = plain(params)
        return status, headers, body.replace(endpoint, b"https://s3.eu-west-1.amazonaws.com/")

    handlers._ACTION_HANDLERS["GetTemplate"] = corrected


def correct_metric_math():
    """Creates an alarm on several metrics, but watches only the first of them."""
    plain = provisioners._cw_metric_alarm_record

    def corrected(name, props):
        stats = [one["MetricStat"] for one in props.get("Metrics", []) if "MetricStat" in one]
        if not stats:
            return plain(name, props)
        first = {**stats[0]["Metric"], "Period": stats[0]["Period"], "Statistic": stats[0]["Stat"]}
        rest = {key: value for key, value in props.items() if key != "Metrics"}
        return plain(name, {**rest, **first})

    provisioners._cw_metric_alarm_record = corrected


def correct_metrics_of_alarms():
    """Keeps the metrics of an alarm that the API creates."""
    plain = cloudwatch._put_metric_alarm

    def corrected(params, given, *protocol):
        answer = plain(params, given, *protocol)
        if given and "Metrics" in given and given["AlarmName"] in cloudwatch._alarms:
            cloudwatch._alarms[given["AlarmName"]]["Metrics"] = given["Metrics"]
        return answer

    cloudwatch._put_metric_alarm = corrected


def correct_security_group_rules():
    """Adds AWS::EC2::SecurityGroupIngress. Wings keep the rule when their stack goes, so nothing revokes it."""

    def create(logical_id, props, stack_name):
        [rule] = provisioners._ec2_sg_permissions([props])
        ec2._security_groups[props["GroupId"]]["IpPermissions"].append(rule)
        return f"{stack_name}-{logical_id}", {}

    provisioners._RESOURCE_HANDLERS["AWS::EC2::SecurityGroupIngress"] = {"create": create}


def correct_event_sources():
    plain = eventbridge._put_events
    eventbridge._put_events = functools.partial(plain, allow_aws_source=True)


def correct_mails():
    """Puts what SNS would mail into the queue `mailbox-mails`, if a test has made one."""
    plain = sns._fanout

    def corrected(topic_arn, msg_id, message, subject, *rest, **named):
        plain(topic_arn, msg_id, message, subject, *rest, **named)
        topic = sns._topic_by_arn_any_scope(topic_arn) or {}
        queue = ":".join(["arn", "aws", "sqs", *topic_arn.split(":")[3:5], "mailbox-mails"])
        for one in topic.get("subscriptions", []):
            if one["protocol"] == "email" and one.get("confirmed"):
                mail = {"To": one["endpoint"], "TopicArn": topic_arn, "Subject": subject, "Message": message}
                sns._deliver_to_sqs(queue, "", True, json.dumps(mail), topic_arn=topic_arn)

    sns._fanout = corrected


def after(resource_type, work):
    """Runs work(physical id, properties) whenever CloudFormation has created or updated a resource of this type."""
    handler = provisioners._RESOURCE_HANDLERS[resource_type]

    def extend(plain, place):
        def extended(*args, **kwargs):
            result = plain(*args, **kwargs)
            work(result[0], args[place])
            return result

        return extended

    handler["create"] = extend(handler["create"], 1)
    handler["update"] = extend(handler["update"], 2)


def correct_http_apis():
    """Adds the routes that the OpenAPI document of an API declares."""

    def add_routes(api_id, props):
        for path, methods in (props.get("Body") or {}).get("paths", {}).items():
            for method, operation in methods.items():
                integration = operation["x-amazon-apigateway-integration"]
                target = provisioners._apigw_v2_integration_create("", {
                    "ApiId": api_id,
                    "IntegrationType": "AWS_PROXY",
                    "IntegrationUri": integration["uri"],
                    "PayloadFormatVersion": integration["payloadFormatVersion"],
                }, "")[0]
                key = f"{method.upper()} {path}"
                provisioners._apigw_v2_route_create(
                    "", {"ApiId": api_id, "RouteKey": key, "Target": f"integrations/{target}"}, "")

    after("AWS::ApiGatewayV2::Api", add_routes)


def correct_functions():
    """Keeps the file systems of a function, and turns its variables into texts."""

    def complete(name, props):
        config = lambda_svc._functions[name]["config"]
        config["FileSystemConfigs"] = props.get("FileSystemConfigs") or []
        variables = config["Environment"]["Variables"]
        config["Environment"] = {"Variables": {key: str(value) for key, value in variables.items()}}

    after("AWS::Lambda::Function", complete)


def correct_logs():
    """Puts each line of a function into its log group when it comes, whether the function has answered or not."""

    def read(self):
        stream = {"logGroupName": self.config["LoggingConfig"]["LogGroup"], "logStreamName": uuid.uuid4().hex}
        cloudwatch_logs._create_log_stream(stream)
        for line in self._proc.stderr:
            event = {"timestamp": int(time.time() * 1000), "message": line.rstrip("\n")}
            cloudwatch_logs._put_log_events({**stream, "logEvents": [event]})

    worker = lambda_runtime.Worker
    assert worker._read_stderr and worker._drain_stderr_bounded
    worker._read_stderr = read
    worker._drain_stderr_bounded = lambda self, **_: ""


def correct_mounts(home):
    """Replaces a mount path in a function's variables with a folder that is named after the access point."""
    plain = lambda_runtime.Worker.__init__

    def corrected(self, func_name, config, code_zip):
        folders = {
            mount["LocalMountPath"]: os.path.join(home, mount["Arn"].rsplit("/", 1)[-1])
            for mount in config.get("FileSystemConfigs") or []
        }
        for folder in folders.values():
            os.makedirs(folder, exist_ok=True)
        given = config.get("Environment", {}).get("Variables", {})
        variables = {key: folders.get(value, value) for key, value in given.items()}
        plain(self, func_name, {**config, "Environment": {"Variables": variables}}, code_zip)

    lambda_runtime.Worker.__init__ = corrected
