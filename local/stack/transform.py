"""Prints the template named by the first argument as CloudFormation sees it after the SAM transform, as JSON.

Works offline and without credentials. Exits 1 with the translator's own words when the template is wrong.
"""

import json
import sys

import boto3
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse


def transform(path: str) -> dict:
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file)
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise ValueError("it has no Resources")
    for name, resource in template["Resources"].items():
        if isinstance(resource, dict) and resource.get("Type") == "AWS::Serverless::Function":
            # The translator takes a package in S3 or inline code, not a folder.
            resource.setdefault("Properties", {})["CodeUri"] = f"s3://local/{name}"
    # Without a Region and credentials of its own the session would look for them on the network.
    session = boto3.session.Session(
        region_name="eu-west-1", aws_access_key_id="local", aws_secret_access_key="local"
    )
    # No map of managed policies: the translator brings AWS's own.
    return Translator(None, Parser(), boto_session=session).translate(template, {})


def main() -> int:
    path = sys.argv[1]
    try:
        text = json.dumps(transform(path))
    except InvalidDocumentException as error:
        print(f"{path} is not a valid SAM template:", file=sys.stderr)
        for cause in error.causes:
            print(f"  {cause.message}", file=sys.stderr)
        return 1
    except Exception as error:
        print(f"{path} cannot be transformed: {error}", file=sys.stderr)
        return 1
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
