/** What `runctl init` writes: every setting, as a comment, with what holds when it is not said. */
export const settingsTemplate = `# Settings of runctl. A flag wins over the environment, that over this file, that over ~/.config/runctl/config.toml.
# \`runctl config show\` tells what holds and why; \`runctl doctor\` whether it works.

# Which cloud: "local" is the one that \`runctl up\` starts here, "aws" costs money.
# cloud = "aws"

# On AWS these three are needed.
# region = "us-east-1"
# bucket = "my-runs"                      # code, checkpoints and logs
# instance_profile = "runctl-instance"    # docs/iam has its policy

# What \`runctl aws train\` asks for unless its options say otherwise.
# instance_types = ["g5.xlarge", "g6.xlarge"]
# zones = []                              # every zone with a subnet
# purchase = "spot"                       # or "on-demand"
# spot_max_price = 0.5                    # US dollars an hour; better unset: a low one brings more interruptions
# checkpoint_keep_last = 3
# code_limit_mb = 200                     # data belongs into S3, not into the code

# How instances are launched; read by the worker.
# ami = "ami-0123456789abcdef0"           # needs the SSM agent and Python 3.9 or newer
# ami_parameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
# root_volume_gib = 100                   # what the image asks for
# subnets = ["subnet-0123456789abcdef0"]  # the default subnets of the region
# security_groups = ["sg-0123456789abcdef0"]
# lease_seconds = 14400                   # how long an instance outlives a control plane that is gone
# poll_interval_seconds = 10              # how often the worker looks at a run

# What the worker warns of, and whom: docs/alerts.md. 0 switches a warning off.
# [alerts]
# run_hours = 24
# run_usd = 10
# run_usd_per_hour = 5
# on_demand_fallback = true
# account_usd_per_hour = [25, 50]         # each of them warns
# account_usd_per_day = 100
# instances = 10
# max_instances = 50                      # no launch goes past it
# command = ["notify", "--channel", "ml"] # reads each alert as JSON; no shell
# webhook = "https://example.com/hook"    # gets it by POST
`;
