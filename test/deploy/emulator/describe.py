"""Prints as JSON what the account at AWS_ENDPOINT_URL holds.

inventory          every resource that a stack of the pack can create, as texts
stack <name>       its status, parameters, outputs and resources, or null
logs <group>       the messages of a log group
"""

import json
import sys

import boto3

# Service, operation, member of the answer, member of an entry (None: the entry is the name).
LISTS = [
    ("apigatewayv2", "get_apis", "Items", "ApiId"),
    ("backup", "list_backup_plans", "BackupPlansList", "BackupPlanName"),
    ("backup", "list_backup_vaults", "BackupVaultList", "BackupVaultName"),
    ("cloudformation", "list_stacks", "StackSummaries", "StackName"),
    ("cloudwatch", "describe_alarms", "CompositeAlarms", "AlarmName"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("dynamodb", "list_tables", "TableNames", None),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("efs", "describe_access_points", "AccessPoints", "AccessPointId"),
    ("efs", "describe_file_systems", "FileSystems", "FileSystemId"),
    ("events", "list_rules", "Rules", "Name"),
    ("iam", "list_policies", "Policies", "PolicyName"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("scheduler", "list_schedules", "Schedules", "Name"),
    ("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sqs", "list_queues", "QueueUrls", None),
]

# Without them the answer has the policies of AWS, and no composite alarms.
OPTIONS = {
    "describe_alarms": {"AlarmTypes": ["CompositeAlarm", "MetricAlarm"]},
    "list_policies": {"Scope": "Local"},
}


def entries(client, operation, member):
    options = OPTIONS.get(operation, {})
    if client.can_paginate(operation):
        pages = client.get_paginator(operation).paginate(**options)
    else:
        pages = [getattr(client, operation)(**options)]
    for page in pages:
        yield from page.get(member, [])


def inventory():
    clients = {service: boto3.client(service) for service, *_ in LISTS}
    found = [
        f"{service} {member} {entry[key] if key else entry}"
        for service, operation, member, key in LISTS
        for entry in entries(clients[service], operation, member)
        if service != "cloudformation" or entry["StackStatus"] != "DELETE_COMPLETE"
    ]
    for entry in entries(clients["efs"], "describe_file_systems", "FileSystems"):
        targets = clients["efs"].describe_mount_targets(FileSystemId=entry["FileSystemId"])["MountTargets"]
        found += [f"efs MountTargets {target['MountTargetId']}" for target in targets]
    return found


def stack(name):
    client = boto3.client("cloudformation")
    try:
        [found] = client.describe_stacks(StackName=name)["Stacks"]
    except client.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    resources = [one for page in pages for one in page["StackResourceSummaries"]]
    return {
        "status": found["StackStatus"],
        "parameters": {one["ParameterKey"]: one.get("ParameterValue", "") for one in found.get("Parameters", [])},
        "outputs": {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
        "resources": {one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in resources},
    }


def logs(group):
    pages = boto3.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"]]


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    print(json.dumps({"inventory": inventory, "stack": stack, "logs": logs}[command](*arguments)))
