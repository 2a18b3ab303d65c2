"""Runs MiniStack with the corrections that gaps.ts names. With GROUNDCREW_PLAIN set it runs without them.

Each correction replaces one function of the pinned version, and fails at the start if that function is gone.
"""

import functools
import json
import os
import signal
import sys
import threading

from ministack.app import main
from ministack.core import lambda_runtime
from ministack.services import ec2, eventbridge
from ministack.services.cloudformation import engine, helpers
from ministack.services.cloudformation import changesets, handlers, provisioners, stacks  # noqa: F401


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


def correct_mounts(home):
    """Replaces the mount path in a function's variables with a folder that is named after the access point."""
    plain = lambda_runtime.Worker.__init__

    def corrected(self, func_name, config, code_zip):
        mounts = config.get("FileSystemConfigs") or []
        variables = dict(config.get("Environment", {}).get("Variables", {}))
        for mount in mounts:
            folder = os.path.join(home, mount["Arn"].rsplit("/", 1)[-1])
            os.makedirs(folder, exist_ok=True)
            variables = {
                key: folder if value == mount["LocalMountPath"] else value for key, value in variables.items()
            }
        plain(self, func_name, {**config, "Environment": {"Variables": variables}} if mounts else config, code_zip)

    lambda_runtime.Worker.__init__ = corrected


def stop_with_parent():
    """Stops when the process that started this one closes standard input, or dies."""

    def wait():
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    stop_with_parent()
    if "GROUNDCREW_PLAIN" not in os.environ:
        correct_conditions()
        correct_nested_templates()
        correct_security_group_rules()
        correct_event_sources()
        correct_mounts(os.environ["GROUNDCREW_FILE_SYSTEMS"])
    main()
