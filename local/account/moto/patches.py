"""The corrections that have to be made inside moto, by the names under which corrections.ts lists and explains them."""

import datetime
import json
import re
from collections.abc import Callable
from typing import Any

import moto.autoscaling.models as autoscaling
import moto.cloudwatch.models as cloudwatch
import moto.core.utils as core
import moto.dynamodb.exceptions as dynamodb_errors
import moto.ec2.models as ec2
import moto.elb.models as elb
import moto.elbv2.models as elbv2
import moto.kms.models as kms
import moto.sqs.models as sqs
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.exceptions import ValidationError as AlarmInvalid
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.dynamodb.responses import DynamoHandler
from moto.ec2.exceptions import EC2ClientError, InvalidInstanceIdError
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.responses.amis import AmisResponse

patches: dict[str, Callable[[], None]] = {}


def patch(function: Callable[[], None]) -> Callable[[], None]:
    patches[function.__name__] = function
    return function


def apply() -> None:
    for function in patches.values():
        function()


@patch
def members_only() -> None:
    detach = autoscaling.AutoScalingBackend.detach_instances
    protect = autoscaling.AutoScalingBackend.set_instance_protection

    def detach_instances(backend, group_name, instance_ids, should_decrement):  # type: ignore[no-untyped-def]
        require(backend, group_name, instance_ids, ["InService", "Standby"])
        return detach(backend, group_name, instance_ids, should_decrement)

    def set_instance_protection(backend, group_name, instance_ids, protected_from_scale_in):  # type: ignore[no-untyped-def]
        require(backend, group_name, instance_ids, ["InService", "EnteringStandby", "Standby"])
        return protect(backend, group_name, instance_ids, protected_from_scale_in)

    autoscaling.AutoScalingBackend.detach_instances = detach_instances
    autoscaling.AutoScalingBackend.set_instance_protection = set_instance_protection


def require(backend: Any, group_name: str, instance_ids: list[str], states: list[str]) -> None:
    group = find_group(backend, group_name)
    found = {state.instance.id: state.lifecycle_state for state in group.instance_states}
    for instance_id in instance_ids:
        if instance_id not in found:
            raise ValidationError(f"The instance {instance_id} is not part of Auto Scaling group {group_name}.")
    for instance_id in instance_ids:
        if found[instance_id] not in states:
            raise ValidationError(f"The instance {instance_id} is not in {' or '.join(states)}.")


def find_group(backend: Any, group_name: str) -> Any:
    group = backend.autoscaling_groups.get(group_name)
    if group is None:
        raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{group_name}' not found")
    return group


def find_member(backend: Any, instance_id: str) -> Any:
    for group in backend.autoscaling_groups.values():
        for state in group.instance_states:
            if state.instance.id == instance_id:
                return group, state
    raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")


@patch
def terminate_many() -> None:
    def terminate_instance_in_auto_scaling_group(response: AutoScalingResponse) -> ActionResult:
        backend = response.autoscaling_backend
        one = response._get_param("InstanceId")
        many = response._get_param("InstanceIds", [])
        if bool(one) == bool(many):
            raise ValidationError("Either InstanceId or InstanceIds must be specified.")
        group_name = response._get_param("AutoScalingGroupName")
        if many and not group_name:
            raise ValidationError("AutoScalingGroupName is required with InstanceIds.")
        instance_ids = many or [one]
        if group_name:
            require_membership(backend, group_name, instance_ids)
        for instance_id in instance_ids:
            find_member(backend, instance_id)
        decrement = response._get_bool_param("ShouldDecrementDesiredCapacity", False)
        activities = [backend.terminate_instance(instance_id, decrement) for instance_id in instance_ids]
        return ActionResult({"Activities": activities} if many else {"Activity": activities[0]})

    AutoScalingResponse.terminate_instance_in_auto_scaling_group = terminate_instance_in_auto_scaling_group


def require_membership(backend: Any, group_name: str, instance_ids: list[str]) -> None:
    members = {state.instance.id for state in find_group(backend, group_name).instance_states}
    for instance_id in instance_ids:
        if instance_id not in members:
            raise ValidationError(
                f"Instance Id not found - No managed instance found for instance ID: {instance_id}"
            )


@patch
def wait_for_terminate_hook() -> None:
    terminate = autoscaling.AutoScalingBackend.terminate_instance

    def terminate_instance(backend, instance_id, should_decrement):  # type: ignore[no-untyped-def]
        group, state = find_member(backend, instance_id)
        if state.lifecycle_state == "Terminating:Wait":
            return autoscaling.TerminateInstanceActivity(state.instance, group.desired_capacity)
        hooks = backend.describe_lifecycle_hooks(group.name)
        if not any(hook.lifecycle_transition == "autoscaling:EC2_INSTANCE_TERMINATING" for hook in hooks):
            return terminate(backend, instance_id, should_decrement)
        original_size = group.desired_capacity
        state.lifecycle_state = "Terminating:Wait"
        group.set_desired_capacity(original_size - 1 if should_decrement else original_size)
        return autoscaling.TerminateInstanceActivity(state.instance, original_size)

    autoscaling.AutoScalingBackend.terminate_instance = terminate_instance


@patch
def load_balancers_follow_membership() -> None:
    backend_class = autoscaling.AutoScalingBackend
    notify = backend_class.notify_terminate_instances

    def update_attached_target_groups(backend, group_name):  # type: ignore[no-untyped-def]
        group = backend.autoscaling_groups[group_name]
        for arn in group.target_group_arns:
            target_group = backend.elbv2_backend.target_groups.get(arn)
            if target_group:
                joined, left = follow(group, arn)
                target_group.register([{"Id": one} for one in joined])
                target_group.deregister([{"Id": one} for one in left])

    def update_attached_elbs(backend, group_name):  # type: ignore[no-untyped-def]
        group = backend.autoscaling_groups[group_name]
        for name in group.load_balancer_names:
            if backend.elb_backend.load_balancers.get(name):
                joined, left = follow(group, name)
                backend.elb_backend.register_instances(name, joined)
                backend.elb_backend.deregister_instances(name, left)

    def notify_terminate_instances(backend, instance_ids):  # type: ignore[no-untyped-def]
        notify(backend, instance_ids)
        for name in backend.autoscaling_groups:
            backend.update_attached_target_groups(name)

    backend_class.update_attached_target_groups = update_attached_target_groups
    backend_class.update_attached_elbs = update_attached_elbs
    backend_class.notify_terminate_instances = notify_terminate_instances


def follow(group: Any, load_balancer: str) -> tuple[list[str], list[str]]:
    """Who joined and who left since the last time; who was taken out by hand meanwhile stays out."""
    known = group.__dict__.setdefault("attached", {})
    before = known.get(load_balancer, [])
    now = [state.instance.id for state in group.active_instances()]
    known[load_balancer] = now
    return [one for one in now if one not in before], [one for one in before if one not in now]


@patch
def targets_by_port() -> None:
    """`targets` is kept by (id, port); `draining` by the same, with the time at which it ends."""
    kind = elbv2.FakeTargetGroup

    def key(group: Any, target: dict[str, Any]) -> tuple[str, int]:
        return target["Id"], int(target.get("Port") or group.port)

    def draining(group: Any) -> dict[tuple[str, int], float]:
        known = group.__dict__.setdefault("draining_targets", {})
        for one in [one for one, end in known.items() if end <= core.unix_time()]:
            del known[one]
        return known

    def register(group: Any, targets: list[dict[str, Any]]) -> None:
        for target in targets:
            if group.target_type == "instance":
                instance = group.ec2_backend.get_instance_by_id(target["Id"])
                if instance is None:
                    raise elbv2.InvalidTargetError(f"Instance ID '{target['Id']}' is not valid")
                if instance.state != "running":
                    raise elbv2.TargetNotRunning(instance_id=target["Id"])
        for target in targets:
            target_id, port = key(group, target)
            group.targets[target_id, port] = {"Id": target_id, "Port": port}
            draining(group).pop((target_id, port), None)

    def deregister(group: Any, targets: list[dict[str, Any]]) -> None:
        delay = int(group.attributes.get("deregistration_delay.timeout_seconds", 300))
        for target in targets:
            if group.targets.pop(key(group, target), None):
                draining(group)[key(group, target)] = core.unix_time() + delay

    def deregister_terminated_instances(group: Any, instance_ids: list[str]) -> None:
        group.deregister([target for target in group.targets.values() if target["Id"] in instance_ids])

    def health_for(group: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
        target_id, port = key(group, target)
        found = [target_id, port, group.health_check_port]
        if (target_id, port) in draining(group):
            reason = ["Target.DeregistrationInProgress", "Target deregistration is in progress"]
            return elbv2.FakeHealthStatus(*found, "draining", *reason)
        if (target_id, port) not in group.targets:
            reason = ["Target.NotRegistered", "Target is not registered to the target group"]
            return elbv2.FakeHealthStatus(*found, "unused", *reason)
        instance = ec2_backend.get_instance_by_id(target_id)
        if instance and instance.state == "stopped":
            reason = ["Target.InvalidState", "Target is in the stopped state"]
            return elbv2.FakeHealthStatus(*found, "unused", *reason)
        return elbv2.FakeHealthStatus(*found, "healthy")

    def describe_target_health(backend: Any, target_group_arn: str, targets: list[dict[str, Any]]) -> list[Any]:
        group = backend.target_groups.get(target_group_arn)
        if group is None:
            raise elbv2.TargetGroupNotFoundError()
        known = [*group.targets, *draining(group)]
        wanted = targets or [{"Id": target_id, "Port": port} for target_id, port in known]
        return [group.health_for(target, backend.ec2_backend) for target in wanted]

    kind.register, kind.deregister, kind.health_for = register, deregister, health_for
    kind.deregister_terminated_instances = deregister_terminated_instances
    elbv2.ELBv2Backend.describe_target_health = describe_target_health


@patch
def classic_registrations_once() -> None:
    backend_class = elb.ELBBackend

    def register_instances(backend, load_balancer_name, instance_ids, from_autoscaling=False):  # type: ignore[no-untyped-def]
        balancer = backend.get_load_balancer(load_balancer_name)
        new = [one for one in instance_ids if one not in balancer.instance_ids]
        balancer.instance_sparse_ids.extend(new)
        return balancer

    def deregister_instances(backend, load_balancer_name, instance_ids, from_autoscaling=False):  # type: ignore[no-untyped-def]
        balancer = backend.get_load_balancer(load_balancer_name)
        gone = set(instance_ids)
        balancer.instance_sparse_ids = [one for one in balancer.instance_ids if one not in gone]
        balancer.instance_autoscaling_ids = []
        return balancer

    backend_class.register_instances = register_instances
    backend_class.deregister_instances = deregister_instances


@patch
def termination_deregisters() -> None:
    terminate = ec2.EC2Backend.terminate_instances

    def terminate_instances(backend, instance_ids):  # type: ignore[no-untyped-def]
        result = terminate(backend, instance_ids)
        account, region = backend.account_id, backend.region_name
        elbv2.elbv2_backends[account][region].notify_terminate_instances(instance_ids)
        classic = elb.elb_backends[account][region]
        for name in classic.load_balancers:
            classic.deregister_instances(name, instance_ids)
        return result

    ec2.EC2Backend.terminate_instances = terminate_instances


@patch
def unknown_instances_named() -> None:
    describe = ec2.EC2Backend.get_reservations_by_instance_ids

    def get_reservations_by_instance_ids(backend, instance_ids, filters=None):  # type: ignore[no-untyped-def]
        unknown = [one for one in instance_ids if backend.get_instance_by_id(one) is None]
        if unknown:
            raise InvalidInstanceIdError(unknown)
        # Counts what it found against what was asked, and breaks on an id asked for twice.
        return describe(backend, list(dict.fromkeys(instance_ids)), filters)

    ec2.EC2Backend.get_reservations_by_instance_ids = get_reservations_by_instance_ids


@patch
def tags_of_known_instances() -> None:
    exist = ec2.EC2Backend.do_resources_exist

    def do_resources_exist(backend: ec2.EC2Backend, resource_ids: list[str]) -> bool:
        for resource_id in resource_ids:
            if resource_id.startswith("i-") and backend.get_instance_by_id(resource_id) is None:
                raise InvalidInstanceIdError(resource_id)
        return exist(backend, resource_ids)

    ec2.EC2Backend.do_resources_exist = do_resources_exist


@patch
def images_of_owners() -> None:
    describe = AmiBackend.describe_images

    def describe_images(backend, ami_ids=None, filters=None, exec_users=None, owners=None):  # type: ignore[no-untyped-def]
        images = describe(backend, ami_ids, filters, exec_users, owners)
        if not ami_ids or not owners:
            return images
        names = [backend.account_id if one == "self" else one for one in owners]
        return [image for image in images if image.owner_id in names or image.owner_alias in names]

    AmiBackend.describe_images = describe_images


@patch
def encrypted_copies() -> None:
    copy = AmisResponse.copy_image
    mappings = Ami.block_device_mappings

    def copy_image(response: AmisResponse) -> ActionResult:
        result = copy(response)
        key = response._get_param("KmsKeyId")
        if response._get_bool_param("Encrypted", False) or key:
            backend = response.ec2_backend
            snapshot = backend.amis[result._result["ImageId"]].ebs_snapshot
            snapshot.encrypted = True
            snapshot.kms_key_id = key or backend._create_default_encryption_key()
        return result

    def block_device_mappings(ami: Ami) -> list[dict[str, Any]]:
        found = mappings.fget(ami)  # type: ignore[attr-defined]
        for one in found:
            one["Ebs"]["Encrypted"] = ami.ebs_snapshot.encrypted
        return found

    AmisResponse.copy_image = copy_image
    Ami.block_device_mappings = property(block_device_mappings)  # type: ignore[assignment]


@patch
def default_key_is_not_shared() -> None:
    share_image = AmiBackend.modify_image_attribute
    share_snapshot = ec2.EC2Backend.add_create_volume_permission

    def require_shareable(backend: Any, snapshot: Any, what: str) -> None:
        if snapshot.kms_key_id and is_of_service(backend.account_id, backend.region_name, snapshot.kms_key_id):
            message = f"Encrypted {what} with EBS default key cannot be shared"
            raise EC2ClientError("OperationNotPermitted", message)

    def modify_image_attribute(backend, ami_id, launch_permissions_to_add, launch_permissions_to_remove):  # type: ignore[no-untyped-def]
        [image] = backend.describe_images(ami_ids=[ami_id])
        if launch_permissions_to_add:
            require_shareable(backend, image.ebs_snapshot, "images")
        return share_image(backend, ami_id, launch_permissions_to_add, launch_permissions_to_remove)

    def add_create_volume_permission(backend, snapshot_id, user_ids, groups):  # type: ignore[no-untyped-def]
        require_shareable(backend, backend.get_snapshot(snapshot_id), "snapshots")
        return share_snapshot(backend, snapshot_id, user_ids, groups)

    AmiBackend.modify_image_attribute = modify_image_attribute
    ec2.EC2Backend.add_create_volume_permission = add_create_volume_permission


def is_of_service(account_id: str, region: str, key: str) -> bool:
    known = kms.kms_backends[account_id][region].keys.get(key.split("/")[-1])
    return known is not None and any(alias.startswith("alias/aws/") for alias in known.aliases)


@patch
def keys_of_services() -> None:
    describe = kms.KmsBackend.describe_key

    def describe_key(backend, key_id):  # type: ignore[no-untyped-def]
        key = describe(backend, key_id)
        if is_of_service(backend.account_id, backend.region_name, key.id):
            key.key_manager = "AWS"
        return key

    kms.KmsBackend.describe_key = describe_key


@patch
def retention_ends() -> None:
    receive = sqs.SQSBackend.receive_message

    def receive_message(backend, queue_name, *rest, **named):  # type: ignore[no-untyped-def]
        queue = backend.get_queue(queue_name)
        oldest = sqs.unix_time_millis() - queue.message_retention_period * 1000
        queue._messages = [one for one in queue._messages if one.sent_timestamp > oldest]
        return receive(backend, queue_name, *rest, **named)

    sqs.SQSBackend.receive_message = receive_message


token_seconds = 600


@patch
def transactions_by_token() -> None:
    transact = DynamoHandler.transact_write_items

    def transact_write_items(handler: DynamoHandler) -> ActionResult:
        token = handler.body.get("ClientRequestToken")
        done = handler.dynamodb_backend.__dict__.setdefault("done_transactions", {})
        items = json.dumps(handler.body["TransactItems"], sort_keys=True)
        known_items, until = done.get(token, (None, 0.0))
        if token and until > core.unix_time():
            if known_items != items:
                raise IdempotentParameterMismatch()
            return ActionResult({})
        result = transact(handler)
        if token:
            done[token] = (items, core.unix_time() + token_seconds)
        return result

    DynamoHandler.transact_write_items = transact_write_items


class IdempotentParameterMismatch(dynamodb_errors.DynamodbException):
    def __init__(self) -> None:
        super().__init__(
            "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException",
            "The token was used before with other items.",
        )


listed_hours = 3
metrics_a_page = 500
alarms_a_page = 100


def page_of(found: list[Any], size: int, token: str | None) -> tuple[list[Any], str | None]:
    """A token is a place, good for as often as it is asked with."""
    if token and not token.isdigit():
        raise InvalidParameterValue("Request parameter NextToken is invalid")
    start = int(token or 0)
    end = start + size
    return found[start:end], str(end) if end < len(found) else None


def seconds(time: datetime.datetime) -> float:
    """Requests bring times with a zone, moto's own are without."""
    return time.timestamp() if time.tzinfo else core.unix_time(time)


def series_of(datum: Any) -> tuple[Any, ...]:
    return datum.namespace, datum.name, frozenset((one.name, one.value) for one in datum.dimensions)


@patch
def recent_metrics_listed() -> None:
    def list_metrics(response: CloudWatchResponse) -> ActionResult:
        wanted = [(one["Name"], one.get("Value")) for one in response._get_param("Dimensions", [])]
        since = core.unix_time() - listed_hours * 3600 if response._get_param("RecentlyActive") else 0
        name, namespace = response._get_param("MetricName"), response._get_param("Namespace")
        found = {
            series_of(datum): datum
            for datum in response.cloudwatch_backend.get_all_metrics()
            if name in (None, datum.name) and namespace in (None, datum.namespace)
            if seconds(datum.timestamp) >= since and has_dimensions(datum, wanted)
        }
        metrics, token = page_of(list(found.values()), metrics_a_page, response._get_param("NextToken"))
        return ActionResult({"Metrics": metrics, "NextToken": token})

    CloudWatchResponse.list_metrics = list_metrics


def has_dimensions(datum: Any, wanted: list[tuple[str, str | None]]) -> bool:
    known = {one.name: one.value for one in datum.dimensions}
    return all(name in known and value in (None, known[name]) for name, value in wanted)


@patch
def metric_data_by_series() -> None:
    def get_metric_data(backend, queries, start_time, end_time, scan_by="TimestampAscending"):  # type: ignore[no-untyped-def]
        start, end = seconds(start_time), seconds(end_time)
        data = backend.__dict__.setdefault("data_by_series", {})
        done = backend.__dict__.setdefault("data_indexed", 0)
        for datum in backend.metric_data[done:]:
            data.setdefault(series_of(datum), []).append(datum)
        backend.data_indexed = len(backend.metric_data)
        return [metric_data_of(query, data, start, end, scan_by) for query in queries]

    cloudwatch.CloudWatchBackend.get_metric_data = get_metric_data


def metric_data_of(query: dict[str, Any], data: dict[Any, Any], start: float, end: float, scan_by: str) -> dict[str, Any]:
    stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
    dimensions = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", []))
    period = int(stat["Period"])
    buckets: dict[float, list[Any]] = {}
    for datum in data.get((metric["Namespace"], metric["MetricName"], dimensions), []):
        at = seconds(datum.timestamp)
        if start <= at < end:
            buckets.setdefault(at - at % period, []).append(datum)
    times = sorted(buckets, reverse=scan_by == "TimestampDescending")
    values = []
    for at in times:
        statistics = cloudwatch.Statistics([stat["Stat"]], core.utcnow())
        statistics.metric_data = buckets[at]
        values.append(statistics.get_statistics_for_type(stat["Stat"]))
    return {
        "id": query["Id"],
        "label": query.get("Label") or metric["MetricName"],
        "timestamps": [core.utcfromtimestamp(int(at)) for at in times],
        "values": values,
        "status_code": "Complete",
    }


@patch
def alarms_paged() -> None:
    def describe_alarms(response: CloudWatchResponse) -> ActionResult:
        names, prefix = response._get_param("AlarmNames", []), response._get_param("AlarmNamePrefix")
        kinds = response._get_param("AlarmTypes", None) or ["MetricAlarm"]
        alarms = response.cloudwatch_backend.alarms
        found = [
            alarm
            for name, alarm in sorted(alarms.items())
            if (not names or name in names) and name.startswith(prefix or "")
            if ("MetricAlarm" if alarm.rule is None else "CompositeAlarm") in kinds
        ]
        size = min(int(response._get_param("MaxRecords") or 50), alarms_a_page)
        page, token = page_of(found, size, response._get_param("NextToken"))
        return ActionResult(
            {
                "MetricAlarms": [one for one in page if one.rule is None],
                "CompositeAlarms": [one for one in page if one.rule is not None],
                "NextToken": token,
            }
        )

    CloudWatchResponse.describe_alarms = describe_alarms


suppressor_members = ["ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"]


@patch
def alarms_updated_in_place() -> None:
    put = CloudWatchResponse.put_metric_alarm

    def put_alarm(response: CloudWatchResponse) -> ActionResult:
        backend, name, rule = response.cloudwatch_backend, response._get_param("AlarmName"), response._get_param("AlarmRule")
        before = backend.alarms.get(name)
        if before is not None and (before.rule is None) != (rule is None):
            raise AlarmInvalid(f"An alarm of another type has the name {name}.")
        missing = [one for one in alarms_in(response._get_params()) if one not in backend.alarms]
        if missing:
            raise AlarmInvalid(f"Could not save the composite alarm as alarms {missing} in the alarm rule do not exist")
        arn = before.alarm_arn if before else None
        tags = backend.list_tags_for_resource(arn) if arn else {}
        result = put(response)
        alarm = backend.alarms[name]
        for member in suppressor_members:
            alarm.__dict__[member] = response._get_param(member)
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"
            return result
        alarm.state_value, alarm.state_updated_timestamp = before.state_value, before.state_updated_timestamp
        backend.tagger.delete_all_tags_for_resource(arn)
        backend.tagger.tag_resource(arn, backend.tagger.convert_dict_to_tags_input(tags))
        return result

    CloudWatchResponse.put_metric_alarm = put_alarm
    CloudWatchResponse.put_composite_alarm = put_alarm


def alarms_in(composite: dict[str, Any]) -> list[str]:
    """The alarms that a composite one depends on, its suppressor included."""
    children = re.findall(r"(?:ALARM|OK|INSUFFICIENT_DATA)\(\"?([^\")]+)\"?\)", composite.get("AlarmRule") or "")
    return [*children, *([composite["ActionsSuppressor"]] if composite.get("ActionsSuppressor") else [])]


@patch
def composites_hold_their_alarms() -> None:
    def delete_alarms(response: CloudWatchResponse) -> ActionResult:
        backend, names = response.cloudwatch_backend, response._get_param("AlarmNames", [])
        composites = [one for one in backend.alarms.values() if one.rule is not None]
        if sum(one.name in names for one in composites) > 1:
            raise AlarmInvalid("Only one composite alarm can be deleted at a time.")
        held = {
            child
            for one in composites
            for child in alarms_in({"AlarmRule": one.rule, **one.__dict__})
            if child in names
        }
        if held:
            depending = ", ".join(sorted(held))
            raise AlarmInvalid(f"Cannot delete {depending} as there are composite alarm(s) depending on them.")
        for alarm in [backend.alarms.pop(name) for name in names if name in backend.alarms]:
            backend.tagger.delete_all_tags_for_resource(alarm.alarm_arn)
        return EmptyResult()

    CloudWatchResponse.delete_alarms = delete_alarms


changes_a_second = 3


class Throttling(ServiceException):
    code = "Throttling"
    message = "Rate exceeded"


@patch
def three_changes_a_second() -> None:
    for name in ["put_metric_alarm", "put_composite_alarm", "delete_alarms"]:
        setattr(CloudWatchResponse, name, limited(name, getattr(CloudWatchResponse, name)))


def limited(name: str, call: Callable[[CloudWatchResponse], ActionResult]) -> Callable[[CloudWatchResponse], ActionResult]:
    def within_limit(response: CloudWatchResponse) -> ActionResult:
        buckets = response.cloudwatch_backend.__dict__.setdefault("buckets", {})
        now = core.unix_time()
        left, at = buckets.get(name, (float(changes_a_second), now))
        left = min(float(changes_a_second), left + (now - at) * changes_a_second)
        buckets[name] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            raise Throttling()
        return call(response)

    return within_limit
