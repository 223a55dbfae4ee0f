/** One command of the earlier runctl, the Rust CLI up to 0.1, and what became of it. */
export interface EarlierCommand {
  /** Other names that it had. */
  readonly aliases?: readonly string[];
  /** What to type today; several, where it depends on what is wanted. */
  readonly now: readonly string[];
  /** What is different, or why it is gone. */
  readonly note: string;
  /** Its own options, each with what to use today; `same` where it is there with the same meaning. */
  readonly options?: Readonly<Record<string, string>>;
}

/** The option is there today, with the same meaning. */
export const same = 'same';

const ebs = 'Volumes are no business of runctl: data is in S3 (`--data-s3`), checkpoints are too.';
const s3 = 'The AWS CLI copies in parts, in parallel, and only what differs.';
const docker = '`runctl aws train --dockerfile PATH` builds, pushes and runs.';
const runpod = 'Runs are on EC2 only.';
const keyless = 'gone: nothing uses SSH, so that there is no key and no open port';
const named = 'the run id: `runctl aws train --name ID`';

/** Every command of the earlier runctl, as it was typed. */
export const earlierCommands: Readonly<Record<string, EarlierCommand>> = {
  'aws create': {
    aliases: ['new', 'spawn'],
    now: ['runctl aws train SCRIPT --instance-type TYPE', 'runctl aws create TYPE'],
    note: 'A run launches its own instance and gives it back; `create` makes one of your own.',
    options: {
      '--spot': same,
      '--spot-max-price':
        '`runctl aws train --spot-max-price USD`, or `spot_max_price` in .runctl.toml',
      '--no-fallback': 'the default; `runctl aws train --fallback on-demand` allows it',
      '--key-name': keyless,
      '--security-group': '`security_groups` in .runctl.toml, as ids',
      '--ami-id': '`ami` in .runctl.toml',
      '--root-volume-size': '`root_volume_gib` in .runctl.toml',
      '--data-volume-size':
        'gone: `runctl aws train --data-s3 URI` brings the data, on the root volume',
      '--project-name': named,
      '--iam-instance-profile': '`instance_profile` in .runctl.toml',
      '--wait': same,
    },
  },
  'aws train': {
    aliases: ['run'],
    now: ['runctl aws train [INSTANCE_ID] SCRIPT'],
    note: 'The instance may be left out. It returns at once, and the run goes on without the terminal.',
    options: {
      '--data-s3': same,
      '--output-s3': same,
      '--sync-code': 'always; code that is in the bucket already is not sent again',
      '--include-pattern': '`--include PATTERN`',
      '--project-name': named,
      '--wait': same,
      '--timeout':
        '`timeout 2h runctl aws wait RUN`: it ended the waiting only, never the training',
      '--docker': '`--dockerfile PATH` or `--docker-image IMAGE`',
      '--docker-image': same,
    },
  },
  'aws monitor': {
    aliases: ['watch', 'logs'],
    now: ['runctl aws monitor RUN'],
    note: 'Over all attempts; ends with the run.',
    options: { '--follow': same },
  },
  'aws stop': {
    aliases: ['pause'],
    now: ['runctl aws stop RUN', 'runctl aws stop-instance INSTANCE_ID'],
    note: 'Saves and ends the run, and gives its instance back. It used to stop the whole instance.',
    options: { '--force': same },
  },
  'aws start': {
    aliases: ['resume'],
    now: ['runctl aws start-instance INSTANCE_ID'],
    note: 'Of an instance of your own. A run needs no restart: it resumes by itself.',
    options: { '--wait': same },
  },
  'aws terminate': {
    aliases: ['destroy', 'rm', 'delete'],
    now: ['runctl aws terminate INSTANCE_ID --yes'],
    note: 'For instances of your own; those of a run end with it.',
    options: { '--force': same },
  },
  'aws processes': {
    now: ['runctl aws processes RUN'],
    note: 'CPU, memory, disks, GPUs, processes.',
    options: { '--detailed': same, '--watch': same, '--interval': same },
  },
  'aws status': {
    now: ['runctl aws status RUN'],
    note: 'Attempts, checkpoint, progress, cost; an instance id works too.',
  },
  'aws wait': {
    now: ['runctl aws wait RUN', 'runctl aws start-instance INSTANCE_ID --wait'],
    note: 'Waits for the end of the run, and has its exit code. It used to wait for an instance.',
  },
  'aws auto-resume': {
    now: ['runctl aws monitor RUN --follow'],
    note: 'Every run resumes by itself; `--max-interruptions 0` turns it off.',
    options: { '--checkpoint': '`runctl aws checkpoint resume RUN STEP` begins a new run there' },
  },
  'aws ebs create': {
    now: ['aws ec2 create-volume'],
    note: ebs,
    options: {
      '--size': 'of `aws ec2 create-volume`',
      '--volume-type': 'of `aws ec2 create-volume`',
      '--availability-zone': 'of `aws ec2 create-volume`',
      '--iops': 'of `aws ec2 create-volume`',
      '--throughput': 'of `aws ec2 create-volume`',
      '--name': '`--tag-specifications` of `aws ec2 create-volume`',
      '--encrypted': 'of `aws ec2 create-volume`; volumes of runs always are',
      '--persistent': '`--tag-specifications` of `aws ec2 create-volume`',
      '--pre-warm': '`runctl aws train --data-s3 URI`',
    },
  },
  'aws ebs list': {
    now: ['aws ec2 describe-volumes'],
    note: ebs,
    options: { '--detailed': '`--output json`', '--name': '`--filters Name=tag:Name,Values=…`' },
  },
  'aws ebs attach': {
    now: ['aws ec2 attach-volume'],
    note: ebs,
    options: {
      '--instance-id': 'of `aws ec2 attach-volume`',
      '--device': 'of `aws ec2 attach-volume`',
    },
  },
  'aws ebs detach': {
    now: ['aws ec2 detach-volume'],
    note: ebs,
    options: { '--force': 'of `aws ec2 detach-volume`' },
  },
  'aws ebs delete': {
    now: ['aws ec2 delete-volume'],
    note: ebs,
    options: { '--force': 'gone: detach it first' },
  },
  'aws ebs pre-warm': {
    now: ['runctl aws train SCRIPT --data-s3 URI'],
    note: 'The data is on the instance before the script starts.',
    options: {
      '--mount-point': 'the script reads RUNCTL_DATA_DIR',
      '--instance-id': '`runctl aws train INSTANCE_ID SCRIPT --data-s3 URI`',
    },
  },
  'aws ebs snapshot': {
    now: ['aws ec2 create-snapshot'],
    note: ebs,
    options: {
      '--description': 'of `aws ec2 create-snapshot`',
      '--name': '`--tag-specifications` of `aws ec2 create-snapshot`',
    },
  },
  'aws ebs snapshot-list': {
    now: ['aws ec2 describe-snapshots --owner-ids self'],
    note: ebs,
    options: {
      '--volume-id': '`--filters Name=volume-id,Values=…`',
      '--detailed': '`--output json`',
    },
  },
  'aws ebs restore': {
    now: ['aws ec2 create-volume --snapshot-id ID'],
    note: ebs,
    options: {
      '--size': 'of `aws ec2 create-volume`',
      '--volume-type': 'of `aws ec2 create-volume`',
      '--availability-zone': 'of `aws ec2 create-volume`',
      '--name': '`--tag-specifications` of `aws ec2 create-volume`',
    },
  },
  local: {
    now: ['python3 SCRIPT', 'runctl up', 'runctl aws train SCRIPT'],
    note: 'Run the script itself; or rehearse the whole run on this machine, where nothing costs money. `runctl local interrupt ID` disturbs it.',
  },
  exec: {
    now: ['python3 SCRIPT'],
    note: 'Was the same as `local`.',
  },
  monitor: {
    now: ['runctl aws monitor RUN --follow', 'tail -f LOG'],
    note: 'Watched files of this machine.',
    options: {
      '--log': '`tail -f LOG`',
      '--checkpoint': '`runctl aws checkpoint list RUN`, or `ls -t DIR`',
      '--follow': '`runctl aws monitor RUN --follow`',
    },
  },
  'checkpoint list': {
    now: ['runctl aws checkpoint list RUN', 'ls -lt DIR'],
    note: 'What is published, wherever you are; it used to list `.pt` files of this machine.',
  },
  'checkpoint info': {
    now: ['runctl aws checkpoint info RUN [STEP]'],
    note: 'With files and checksums.',
  },
  'checkpoint resume': {
    now: ['runctl aws checkpoint resume RUN [STEP]'],
    note: 'Starts a run there; it used to print a command.',
  },
  'checkpoint cleanup': {
    now: ['runctl aws checkpoint cleanup RUN --keep-last N'],
    note: 'Never what the run would resume from; every run does it by itself at its end.',
    options: { '--keep-last-n': '`--keep-last N`', '--dry-run': same },
  },
  's3 upload': {
    now: ['aws s3 cp SOURCE URI'],
    note: s3,
    options: { '--use-s5cmd': 'gone', '--recursive': 'of `aws s3 cp`' },
  },
  's3 download': {
    now: ['aws s3 cp URI TARGET'],
    note: s3,
    options: { '--use-s5cmd': 'gone', '--recursive': 'of `aws s3 cp`' },
  },
  's3 sync': {
    now: ['aws s3 sync SOURCE TARGET'],
    note: s3,
    options: { '--direction': 'the order of the two arguments', '--use-s5cmd': 'gone' },
  },
  's3 list': {
    now: ['aws s3 ls URI'],
    note: s3,
    options: { '--recursive': 'of `aws s3 ls`', '--human-readable': 'of `aws s3 ls`' },
  },
  's3 cleanup': {
    now: ['runctl aws checkpoint cleanup RUN --keep-last N'],
    note: 'It used to delete any object under a prefix.',
    options: { '--keep-last-n': '`--keep-last N`', '--dry-run': same },
  },
  's3 watch': {
    now: ['runctl aws monitor RUN --follow'],
    note: 'Says when a checkpoint is published.',
    options: { '--interval': 'gone' },
  },
  's3 review': {
    now: ['runctl resources summary', 'aws s3 ls URI --recursive --summarize'],
    note: s3,
    options: { '--detailed': '`runctl aws checkpoint list RUN`' },
  },
  transfer: {
    now: ['aws s3 sync SOURCE TARGET', 'runctl aws train SCRIPT --data-s3 URI --output-s3 URI'],
    note: 'Data goes to an instance, and comes from it, through S3 and with the run.',
    options: {
      '--parallel': 'gone',
      '--compress': 'gone; it never did anything',
      '--verify': 'always',
      '--resume': 'always, with `aws s3 sync`',
    },
  },
  'resources list': {
    now: ['runctl resources list', 'runctl aws list'],
    note: 'What runs hold, and what it costs; runs themselves are `aws list`.',
    options: {
      '--detailed': 'always',
      '--platform': 'gone: EC2 only',
      '--project': '`runctl aws list --name PATTERN`',
      '--user': 'gone: the runs of a Temporal namespace belong together',
      '--format': 'gone',
      '--filter': '`runctl aws list --state STATE`',
      '--sort': '`runctl aws list --sort KEY`',
      '--limit': '`runctl aws list --limit N`',
      '--show-terminated': '`runctl aws list --all`',
      '--watch': '`runctl aws list --watch`',
      '--interval': '`runctl aws list --interval SECONDS`',
      '--export': '`--output json`',
      '--export-file': '`--output json > FILE`',
    },
  },
  'resources summary': {
    now: ['runctl resources summary'],
    note: 'Totals, dollars an hour and a day.',
  },
  'resources insights': {
    now: ['runctl resources summary', 'runctl aws list'],
    note: 'Warnings about costs come by themselves.',
  },
  'resources cleanup': {
    now: ['runctl resources cleanup'],
    note: 'Only what a run of ours has left and nobody owns; the worker does it by itself.',
    options: { '--dry-run': same, '--force': '`--yes`' },
  },
  'resources stop-all': {
    now: ['runctl aws list --open', 'runctl aws stop RUN'],
    note: 'It stopped every instance of the account, whoever owned it.',
    options: { '--dry-run': 'gone', '--force': 'gone', '--platform': 'gone' },
  },
  status: {
    now: ['runctl aws list', 'runctl resources summary'],
    note: 'Runs, their state and cost.',
    options: { '--detailed': '`runctl aws status RUN`' },
  },
  top: {
    now: ['runctl aws list --watch', 'runctl aws processes RUN --watch'],
    note: 'And the Web UI, whose address `runctl up` and `train` print.',
    options: { '--interval': same },
  },
  'workflow train': {
    now: ['runctl aws train SCRIPT --instance-type TYPE --wait'],
    note: 'Every run is a workflow.',
    options: { '--instance-type': same, '--spot': same },
  },
  'docker build': {
    now: ['docker build'],
    note: docker,
    options: {
      '--tag': 'of `docker build`',
      '--dockerfile': '`docker build --file PATH`',
      '--push': '`docker push`',
      '--repository': '`docker build --tag`',
    },
  },
  'docker push': {
    now: ['docker push'],
    note: docker,
    options: { '--repository': '`docker tag`', '--tag': '`docker tag`' },
  },
  'docker build-push': {
    now: ['runctl aws train SCRIPT --dockerfile PATH'],
    note: 'Builds, pushes to ECR and runs.',
    options: {
      '--repository': 'gone: derived',
      '--tag': 'gone: derived from what is built',
      '--dockerfile': same,
    },
  },
  'runpod create': { now: ['runctl aws train SCRIPT --instance-type TYPE'], note: runpod },
  'runpod train': { now: ['runctl aws train SCRIPT --instance-type TYPE'], note: runpod },
  'runpod monitor': { now: ['runctl aws monitor RUN'], note: runpod },
  'runpod download': { now: ['runctl aws train SCRIPT --output-s3 URI'], note: runpod },
  'config show': { now: ['runctl config show'], note: 'With the place where each was said.' },
  'config set': {
    now: ['runctl config set KEY VALUE'],
    note: 'Every setting, also by its earlier name; comments stay.',
  },
  'config validate': {
    now: ['runctl config validate'],
    note: 'Names every problem with its line.',
  },
  init: {
    now: ['runctl init'],
    note: 'Never overwrites.',
    options: { '--config-path': same },
  },
};
