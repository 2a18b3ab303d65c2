"""Instances and images of EC2, and the KMS keys that encrypt images."""

from typing import Any

import moto.ec2.models as ec2
import moto.ec2.utils as utils
import moto.kms.models as kms
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidInstanceIdError
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.instances import InstanceResponse
from patches.registry import patch


@patch
def name_all_unknown_instances() -> None:
    describe = ec2.EC2Backend.get_reservations_by_instance_ids

    def get_reservations_by_instance_ids(backend, instance_ids, filters=None):  # type: ignore[no-untyped-def]
        unknown = [one for one in instance_ids if backend.get_instance_by_id(one) is None]
        if unknown:
            raise InvalidInstanceIdError(unknown)
        # moto compares the number of results with the number of ids, so it fails on a repeated id.
        return describe(backend, list(dict.fromkeys(instance_ids)), filters)

    ec2.EC2Backend.get_reservations_by_instance_ids = get_reservations_by_instance_ids


@patch
def tag_existing_instances_only() -> None:
    exist = ec2.EC2Backend.do_resources_exist

    def do_resources_exist(backend: ec2.EC2Backend, resource_ids: list[str]) -> bool:
        for resource_id in resource_ids:
            if resource_id.startswith("i-") and backend.get_instance_by_id(resource_id) is None:
                raise InvalidInstanceIdError(resource_id)
        return exist(backend, resource_ids)

    ec2.EC2Backend.do_resources_exist = do_resources_exist


@patch
def find_instances_on_hosts() -> None:
    utils.filter_dict_attribute_mapping["host-id"] = "placement.host_id"

    def modify_instance_placement(response: InstanceResponse) -> ActionResult:
        instance = response.ec2_backend.get_instance(response._get_param("InstanceId"))
        if instance.state != "stopped":
            message = f"Instance {instance.id} must be in 'stopped' state"
            raise EC2ClientError("IncorrectInstanceState", message)
        instance.placement.host_id = response._get_param("HostId")
        return ActionResult({"Return": True})

    InstanceResponse.modify_instance_placement = modify_instance_placement


@patch
def filter_images_by_owner() -> None:
    describe = AmiBackend.describe_images

    def describe_images(backend, ami_ids=None, filters=None, exec_users=None, owners=None):  # type: ignore[no-untyped-def]
        images = describe(backend, ami_ids, filters, exec_users, owners)
        if not ami_ids or not owners:
            return images
        names = [backend.account_id if one == "self" else one for one in owners]
        return [image for image in images if image.owner_id in names or image.owner_alias in names]

    AmiBackend.describe_images = describe_images


@patch
def encrypt_copied_snapshots() -> None:
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
def refuse_sharing_with_default_key() -> None:
    share_image = AmiBackend.modify_image_attribute
    share_snapshot = ec2.EC2Backend.add_create_volume_permission

    def require_shareable(backend: Any, snapshot: Any, what: str) -> None:
        if snapshot.kms_key_id and is_aws_managed(backend.account_id, backend.region_name, snapshot.kms_key_id):
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


def is_aws_managed(account_id: str, region: str, key: str) -> bool:
    known = kms.kms_backends[account_id][region].keys.get(key.split("/")[-1])
    return known is not None and any(alias.startswith("alias/aws/") for alias in known.aliases)


@patch
def mark_aws_managed_keys() -> None:
    describe = kms.KmsBackend.describe_key

    def describe_key(backend, key_id):  # type: ignore[no-untyped-def]
        key = describe(backend, key_id)
        if is_aws_managed(backend.account_id, backend.region_name, key.id):
            key.key_manager = "AWS"
        return key

    kms.KmsBackend.describe_key = describe_key
