"""Target groups and Classic Load Balancers."""

from typing import Any

import moto.core.utils as core
import moto.ec2.models as ec2
import moto.elb.models as elb
import moto.elbv2.models as elbv2
from patches.registry import patch


@patch
def key_targets_by_port() -> None:
    """Keys `targets` by (id, port). `draining_targets` has the same keys, with the time when draining ends."""
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
def register_classic_instances_once() -> None:
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
def deregister_on_termination() -> None:
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
