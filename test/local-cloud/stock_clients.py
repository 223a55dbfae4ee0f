"""What a Python script with boto3 does on EC2, SSM and S3; prints what it saw as one line of JSON."""

import json
import os
import sys
import time
import urllib.request

import boto3
from botocore.exceptions import ClientError


def code_of(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


ec2, ssm, s3, sts = (boto3.client(name) for name in ("ec2", "ssm", "s3", "sts"))
profile, bucket = sys.argv[1:]
image = ssm.get_parameter(
    Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
)["Parameter"]["Value"]
seen = {"account": sts.get_caller_identity()["Account"]}

# EC2: two launches in their two forms, found by filters, tagged, priced, terminated.
launch = {"ImageId": image, "IamInstanceProfile": {"Name": profile}}
reservation = ec2.run_instances(
    **launch,
    InstanceType="g5.xlarge",
    MinCount=1,
    MaxCount=1,
    InstanceMarketOptions={"MarketType": "spot"},
    TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "who", "Value": "boto3"}]}],
)
instance_id = reservation["Instances"][0]["InstanceId"]
ec2.create_launch_template(LaunchTemplateName="boto3", LaunchTemplateData=launch)
fleet = ec2.create_fleet(
    Type="instant",
    LaunchTemplateConfigs=[
        {
            "LaunchTemplateSpecification": {"LaunchTemplateName": "boto3", "Version": "$Latest"},
            "Overrides": [{"InstanceType": "g5.xlarge"}, {"InstanceType": "g6.xlarge"}],
        }
    ],
    TargetCapacitySpecification={"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "spot"},
)
ec2.create_tags(Resources=fleet["Instances"][0]["InstanceIds"], Tags=[{"Key": "who", "Value": "boto3"}])
filters = [
    {"Name": "tag:who", "Values": ["boto3"]},
    {"Name": "instance-state-name", "Values": ["pending", "running"]},
]
pages = ec2.get_paginator("describe_instances").paginate(Filters=filters)
found = [one["InstanceId"] for page in pages for each in page["Reservations"] for one in each["Instances"]]
seen["found"] = len(found)
ec2.get_waiter("instance_running").wait(InstanceIds=found, WaiterConfig={"Delay": 1})
requests = ec2.describe_spot_instance_requests()["SpotInstanceRequests"]
seen["spotStates"] = sorted({request["State"] for request in requests})
history = ec2.describe_spot_price_history(
    InstanceTypes=["g5.xlarge"], ProductDescriptions=["Linux/UNIX"], AvailabilityZone="us-east-1a"
)["SpotPriceHistory"]
seen["isCheaper"] = 0 < float(history[0]["SpotPrice"]) < 1.006
seen["ec2Codes"] = [
    code_of(lambda: ec2.describe_instances(InstanceIds=["i-0123456789abcdef0"])),
    code_of(lambda: ec2.describe_volumes()),
]

# SSM: a command by id and one by tag, on an instance that has registered.
deadline = time.monotonic() + 60
while not ssm.describe_instance_information(
    Filters=[{"Key": "InstanceIds", "Values": [instance_id]}]
)["InstanceInformationList"]:
    assert time.monotonic() < deadline, "the instance did not register"
    time.sleep(0.2)
document = {"DocumentName": "AWS-RunShellScript"}
command = ssm.send_command(
    **document, InstanceIds=[instance_id], Parameters={"commands": ["echo hello; exit 3"]}
)["Command"]
by_tag = ssm.send_command(
    **document,
    Targets=[{"Key": "tag:who", "Values": ["boto3"]}, {"Key": "InstanceIds", "Values": [instance_id]}],
    Parameters={"commands": ["true"]},
)["Command"]
seen["targets"] = by_tag["TargetCount"]
while True:
    invocations = ssm.list_command_invocations(CommandId=command["CommandId"])["CommandInvocations"]
    if invocations and invocations[0]["Status"] not in ("Pending", "InProgress"):
        break
    assert time.monotonic() < deadline, "the command did not end"
    time.sleep(0.1)
reply = ssm.get_command_invocation(CommandId=command["CommandId"], InstanceId=instance_id)
seen["command"] = [reply["Status"], reply["ResponseCode"], reply["StandardOutputContent"]]
seen["ssmCode"] = code_of(lambda: ssm.list_documents())

# S3: an object in parts, and links of both signatures.
name = os.path.join(os.environ["HOME"], "large")
with open(name, "wb") as file:
    file.write(os.urandom(9 * 1024 * 1024))
s3.upload_file(name, bucket, "a folder/large")
seen["isInParts"] = s3.head_object(Bucket=bucket, Key="a folder/large")["ETag"].endswith('-2"')
s3.put_object(Bucket=bucket, Key="a folder/small", Body=b"small")
newer = boto3.client("s3", config=boto3.session.Config(signature_version="s3v4"))
seen["links"] = []
for client in (s3, newer):
    link = client.generate_presigned_url(
        "get_object",
        Params={"Bucket": bucket, "Key": "a folder/small", "ResponseContentType": "text/x"},
    )
    with urllib.request.urlopen(link) as answer:
        seen["links"].append([answer.read().decode(), answer.headers["content-type"]])
objects = s3.list_objects_v2(Bucket=bucket, Prefix="a folder/")["Contents"]
s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": each["Key"]} for each in objects]})
seen["left"] = s3.list_objects_v2(Bucket=bucket, Prefix="a folder/")["KeyCount"]
seen["s3Codes"] = [
    code_of(lambda: s3.get_object(Bucket=bucket, Key="a folder/small")),
    code_of(lambda: s3.put_object_tagging(Bucket=bucket, Key="x", Tagging={"TagSet": []})),
]

ec2.terminate_instances(InstanceIds=found)
ec2.get_waiter("instance_terminated").wait(InstanceIds=found, WaiterConfig={"Delay": 1})
print(json.dumps(seen))
