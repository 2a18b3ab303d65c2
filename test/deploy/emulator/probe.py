"""Prints as JSON, for each entry of gaps.ts by its name, whether the account at AWS_ENDPOINT_URL still has the gap."""

import base64
import json
import time
import uuid

import boto3
from botocore.exceptions import ClientError

cloudformation = boto3.client("cloudformation")


def fails(work):
    """Whether the call is refused. An answer that botocore cannot read counts as a refusal."""
    try:
        work()
    except Exception:
        return True
    return False


def deploy(operation, name, resources, **sections):
    """Creates or updates a stack. Returns its status at the end."""
    body = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources, **sections})
    operation(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    while True:
        status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            return status
        time.sleep(0.2)


def create(resources, **sections):
    """Creates a stack. Returns its resources by logical id, or None if it is not complete."""
    name = f"probe-{uuid.uuid4().hex[:8]}"
    try:
        status = deploy(cloudformation.create_stack, name, resources, **sections)
    except Exception:  # also an answer that botocore cannot read
        return None
    if status != "CREATE_COMPLETE":
        return None
    listed = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}


def conditions():
    second = {"Fn::Select": [1, {"Fn::Split": [",", {"Fn::Join": ["", [{"Ref": "List"}, ",,"]]}]}]}
    created = create(
        {"Topic": {"Type": "AWS::SNS::Topic", "Condition": "HasNoSecond"}},
        Parameters={"List": {"Type": "String", "Default": "one"}},
        Conditions={"HasNoSecond": {"Fn::Equals": [second, ""]}},
    )
    return created is None or "Topic" not in created


def nest(key, template):
    """Saves a template. Returns a resource that is a stack of it."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=f"probe-{key}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=f"probe-{key}", Key="nested.json", Body=json.dumps(template))
    url = f"https://s3.eu-west-1.amazonaws.com/probe-{key}/nested.json"
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}


def nested_transforms():
    nested = nest("transform", {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Table": {"Type": "AWS::Serverless::SimpleTable"}},
    })
    return create({"Nested": nested}) is None


def nested_updates():
    nested = nest("update", {
        "Parameters": {"Days": {"Type": "Number"}},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {"Ref": "Days"}}},
        },
        "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}},
    })
    nested["Properties"]["Parameters"] = {"Days": "1"}
    created = deploy(cloudformation.create_stack, "probe-nested", {"Nested": nested})
    assert created == "CREATE_COMPLETE", created
    nested["Properties"]["Parameters"] = {"Days": "3"}
    return deploy(cloudformation.update_stack, "probe-nested", {"Nested": nested}) != "UPDATE_COMPLETE"


def security_group_ingress():
    rule = {"GroupId": {"Fn::GetAtt": ["Group", "GroupId"]}, "IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}
    return create({
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "probe"}},
        "Rule": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {**rule, "CidrIp": "10.0.0.0/8"}},
    }) is None


def metric_math():
    metric = {"Metric": {"Namespace": "Probe", "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"}
    return create({"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "Metrics": [
            {"Id": "total", "Expression": "SUM(METRICS())"},
            {"Id": "errors", "MetricStat": metric, "ReturnData": False},
        ],
    }}}) is None


def forgotten_metrics():
    cloudwatch = boto3.client("cloudwatch")
    metric = {"Namespace": "Probe", "MetricName": "Errors"}
    cloudwatch.put_metric_alarm(
        AlarmName="probe-metrics",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Threshold=1,
        Metrics=[{"Id": "errors", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
    )
    [alarm] = cloudwatch.describe_alarms(AlarmNames=["probe-metrics"])["MetricAlarms"]
    return not alarm.get("Metrics")


def http_api_routes():
    integration = {"type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0", "uri": "arn:aws:lambda"}
    operation = {"x-amazon-apigateway-integration": integration, "responses": {}}
    document = {"openapi": "3.0.1", "info": {"title": "probe"}, "paths": {"/page": {"get": operation}}}
    created = create({"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": document}}})
    return created is None or not boto3.client("apigatewayv2").get_routes(ApiId=created["Api"])["Items"]


def events_of_services():
    entry = {"Source": "aws.ec2", "DetailType": "probe", "Detail": "{}"}
    return boto3.client("events").put_events(Entries=[entry])["FailedEntryCount"] > 0


def mails():
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="probe-mails")["TopicArn"]
    made = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
    return made["SubscriptionArn"] != "pending confirmation"


def describe_function():
    arn = "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0"
    created = create({"Function": {"Type": "AWS::Lambda::Function", "Properties": {
        "Runtime": "nodejs24.x",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::123456789012:role/probe",
        "Code": {"ZipFile": "exports.handler = async () => 1"},
        "Environment": {"Variables": {"NUMBER": 1}},
        "FileSystemConfigs": [{"Arn": arn, "LocalMountPath": "/mnt/probe"}],
    }}})
    return boto3.client("lambda").get_function_configuration(FunctionName=created["Function"])


def lost_lines():
    """A million lines take longer to read than MiniStack reads on after the answer."""
    created = create({"Function": {"Type": "AWS::Lambda::Function", "Properties": {
        "Runtime": "nodejs24.x",
        "Handler": "index.handler",
        "Timeout": 60,
        "Role": "arn:aws:iam::123456789012:role/probe",
        "Code": {"ZipFile": "exports.handler = async () => console.log('line\\n'.repeat(1e6) + 'the last line')"},
    }}})
    answer = boto3.client("lambda").invoke(FunctionName=created["Function"], LogType="Tail")
    lines = base64.b64decode(answer["LogResult"]).splitlines()
    assert b"line" in lines, lines
    return b"the last line" not in lines


def missing_permission():
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}]}
    role = boto3.client("iam").create_role(RoleName="probe", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    given = boto3.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="probe")["Credentials"]
    sqs = boto3.client(
        "sqs",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    return not fails(sqs.list_queues)


def main():
    autoscaling = boto3.client("autoscaling")
    group = {"AutoScalingGroupName": "probe", "InstanceIds": ["i-0123456789abcdef0"]}

    def unknown(work):
        try:
            work()
        except ClientError as error:
            return error.response["Error"]["Code"] == "InvalidAction"
        return False

    function = describe_function()
    print(json.dumps({
        "conditions with Fn::Join and Fn::Split": conditions(),
        "transforms of nested stacks": nested_transforms(),
        "attributes in updates of nested stacks": nested_updates(),
        "the address of S3": not boto3.client("s3").meta.endpoint_url.startswith("https://s3"),
        "alarms on several metrics": metric_math(),
        "metrics of an alarm that the API creates": forgotten_metrics(),
        "AWS::EC2::SecurityGroupIngress": security_group_ingress(),
        "routes of an HTTP API in its OpenAPI document": http_api_routes(),
        "events of AWS services": events_of_services(),
        "mails of SNS": mails(),
        "EFS mounts": not function.get("FileSystemConfigs"),
        "numbers in the variables of a function": not isinstance(
            function["Environment"]["Variables"]["NUMBER"], str),
        "log lines that come late": lost_lines(),
        "AWS Health": fails(boto3.client("health", region_name="us-east-1").describe_events),
        "CodePipeline": fails(boto3.client("codepipeline").list_pipelines),
        "Image Builder": fails(boto3.client("imagebuilder").list_images),
        "scale-in protection and detaching in Auto Scaling": unknown(
            lambda: autoscaling.set_instance_protection(**group, ProtectedFromScaleIn=True)
        ) and unknown(lambda: autoscaling.detach_instances(**group, ShouldDecrementDesiredCapacity=True)),
        "permissions": missing_permission(),
    }))


if __name__ == "__main__":
    main()
