"""Every bound of the supervisor, with its unit and the reason for its size."""

# SSM lists no more than 2,500 characters of a command's output.
ANSWER_MAX_BYTES = 2_400
LAST_LOG_LINES_MAX_BYTES = 1_200
MESSAGE_MAX_BYTES = 600
WARNINGS_MAX_COUNT = 4
WARNING_MAX_BYTES = 240
RESULT_WARNING_MAX_BYTES = 400

# How long the main loop sleeps when nothing wakes it. Exits of the trainer, verbs and notices wake it at once.
TICK_SECONDS = 0.25
# Consecutive ticks that raise before the supervisor gives up (the next `status` then starts another one).
FAILED_TICKS_MAX_COUNT = 40

# A verb waits this long for a lock that is just changing hands, and for a new supervisor to report in.
START_TIMEOUT_SECONDS = 20.0
VERB_POLL_SECONDS = 0.03
# Beyond the caller's own timeout: time to publish what was saved, less than SSM gives the command. Repeating the verb
# joins the save under way.
VERB_PUBLISHING_SECONDS = 40.0

# Two looks at an unchanged checkpoint must be this far apart (docs/supervisor-protocol.md).
CHECKPOINT_STABLE_SECONDS = 1.0
CHECKPOINT_LOOK_SECONDS = 0.5
# Between two tries while the storage fails: seldom enough for an outage of hours, or what is left of a notice.
PUBLISHING_RETRY_MAX_SECONDS = 10.0
HURRIED_LOOK_SECONDS = 0.5
MARKER_STABLE_SECONDS = 2.0

# Kept back from a notice for publishing: a quarter of what is left, within these bounds.
PUBLISHING_RESERVE_SHARE = 0.25
PUBLISHING_RESERVE_MIN_SECONDS = 0.3
PUBLISHING_RESERVE_MAX_SECONDS = 30.0
# A notice whose time has passed when it is first seen means a wrong clock; EC2 gives 120 s in all.
ASSUMED_NOTICE_SECONDS = 60.0
# A trainer that hangs seldom saves: after its completion it has nothing to, before it cannot.
HUNG_TRAINER_TERMINATE_SECONDS = 10.0
# A machine that goes down ends its processes in any order, all within this time.
GOING_DOWN_SECONDS = 2.0
# Publishing after the end: long enough for 15 GB through a gp3 volume with a storage outage on top.
FINAL_PUBLISHING_SECONDS = 1_800.0
FINAL_PUBLISHING_AFTER_FORCE_SECONDS = 30.0
# The instance dies a little after the notice's time; until then one more try may succeed.
FINAL_PUBLISHING_AFTER_NOTICE_SECONDS = 20.0
FINAL_LOG_SECONDS = 20.0

# A killed process disappears within milliseconds; uninterruptible I/O may hold it longer.
KILL_ROUNDS_MAX_COUNT = 100
KILL_ROUND_SECONDS = 0.05

# A witness writes down how a trainer ended within milliseconds; a parent that is none never does.
WITNESS_SECONDS = 5.0

# The metadata service answers within milliseconds; a notice must not wait behind a slow answer.
METADATA_TIMEOUT_SECONDS = 1.5
METADATA_TOKEN_SECONDS = 21_600
METADATA_SILENCE_WARNING_SECONDS = 60.0
CREDENTIALS_RENEW_BEFORE_SECONDS = 300.0

STORAGE_TIMEOUT_SECONDS = 20.0
STORAGE_TRIES_MAX_COUNT = 4
STORAGE_BACKOFF_FIRST_SECONDS = 0.2
STORAGE_BACKOFF_MAX_SECONDS = 5.0
STORAGE_BODY_MAX_BYTES = 8 * 1024 * 1024
PREPARATION_STORAGE_SECONDS = 180.0
# Once the role has opened one door; a policy that was changed a moment ago still needs some seconds.
PREPARATION_DENIED_SECONDS = 10.0
MULTIPART_THRESHOLD_BYTES = 64 * 1024 * 1024
MULTIPART_PART_BYTES = 16 * 1024 * 1024
# S3 takes 10,000 parts; https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
MULTIPART_PARTS_MAX_COUNT = 9_000
TRANSFER_THREADS_COUNT = 4
# Objects above this are downloaded in ranges, several at a time: one connection to S3 brings about 90 MB/s.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html
RANGE_THRESHOLD_BYTES = 64 * 1024 * 1024
RANGE_BYTES = 16 * 1024 * 1024
DATA_THREADS_COUNT = 8
# Downloads that wait for a thread; the listing goes no further ahead, so that memory does not grow with the data.
DATA_WAITING_MAX_COUNT = 64
# 100 million objects.
LIST_PAGES_MAX_COUNT = 100_000
DATA_TELL_SECONDS = 30.0
POINTER_SWAPS_MAX_COUNT = 8

# A script that saves where nobody looks is told so before it has lost much; the look is at a folder of the code.
SAVED_ELSEWHERE_LOOK_SECONDS = 5.0
SAVED_ELSEWHERE_FILES_MAX_COUNT = 10_000

LOG_PUBLISH_SECONDS = 5.0
LOG_RETRY_AT_END_SECONDS = 1.0
LOG_CHUNK_MAX_BYTES = 4 * 1024 * 1024
# What is read of a log or progress file in one tick; what is older than that is skipped when there is more.
TAIL_READ_MAX_BYTES = 1024 * 1024
LINE_MAX_CHARACTERS = 2_000
# With a log pattern every line is looked at, 1 MiB a tick; a flood leaves a rest. This reads 100 to 250 MB of it.
FINAL_READ_SECONDS = 10.0
LOG_PATTERN_SECONDS = 0.5
# What explains a failure stands near the end: a traceback of several processes takes some dozen lines.
FAILURE_LOG_MAX_LINES = 100
FAILURE_LOG_MAX_BYTES = 32 * 1024
# For one pattern on one line, and for all of them together.
FAILURE_PATTERN_SECONDS = 0.1
FAILURE_SEARCH_SECONDS = 3.0
REASON_MAX_BYTES = 160
# A Python process writes its stacks within milliseconds, unless it is stopped or deep in the kernel. It has told all of
# them when nothing comes any more; for all processes together it may not take longer than people wait.
STACKS_SETTLED_SECONDS = 0.1
STACKS_OF_ONE_SECONDS = 2.0
STACKS_SECONDS = 10.0
STACKS_MAX_BYTES = 256 * 1024
STACKS_PROCESSES_MAX_COUNT = 32
STACKS_THREADS_MAX_COUNT = 32
KERNEL_FRAMES_MAX_COUNT = 6
COMMAND_MAX_CHARACTERS = 200
PROGRESS_WINDOW_SECONDS = 60.0
PROGRESS_SAMPLE_SECONDS = 0.5
# A curve of one line; with steps of six digits some 350 bytes of an answer.
LOSS_POINTS_MAX_COUNT = 24

# Between the two looks of `processes`: fifty clock ticks, so a percentage is exact to two.
USAGE_WINDOW_SECONDS = 0.5
# nvidia-smi loads the driver when nothing else holds it, which takes seconds; longer means that it hangs.
GPU_QUERY_SECONDS = 10.0
# The biggest instances have eight or sixteen; sixteen would leave no room for processes.
GPUS_MAX_COUNT = 8
GPU_NAME_MAX_CHARACTERS = 24
COMMAND_MAX_BYTES = 80
# Nonce, braces and names around what `processes` tells.
ANSWER_FRAME_BYTES = 200

# After the end there is nothing to look at but the lease.
OUTLASTING_LOOK_SECONDS = 1.0
SHUTDOWN_RETRY_SECONDS = 60.0

# Kept free for the end of a training that has filled the disk: result, report, requests, and notes of what is published
# take some dozen KB, and half of it may have been given away while the trainer lived.
RESERVE_BYTES = 1024 * 1024

# A shorter secret could be a word of any log line.
MASKED_MIN_BYTES = 8

# Compiling what has no wheel can take most of an hour; what takes longer belongs into the machine image.
INSTALLATION_MAX_SECONDS = 3_600.0
INSTALLER_LOOK_SECONDS = 0.2
# Asking a Python about itself takes a tenth of a second; a network file system may need longer.
PYTHON_FACTS_SECONDS = 60.0
# Virtual environments that stay on the instance; each can have several gigabytes.
ENVIRONMENTS_MAX_COUNT = 3
# A lock file of a large project has a few megabytes.
DECLARATION_MAX_BYTES = 32 * 1024 * 1024
INCLUDED_REQUIREMENTS_MAX_COUNT = 50

# While it trains, outputs are looked at this often; S3 gets what has not changed for a while.
OUTPUT_LOOK_SECONDS = 5.0
OUTPUT_STABLE_SECONDS = 10.0
# A file that never stops changing goes up so often.
OUTPUT_CHANGING_SECONDS = 300.0
OUTPUT_LOOK_PAUSE_FACTOR = 20.0
# At the end: so long without one file going up, and the rest is given up.
OUTPUT_STALL_SECONDS = 900.0

# A program that installs is killed at once; a download looks at each block that comes.
CANCELLED_PREPARATION_SECONDS = 2.0

# The engine answers within milliseconds; while it stops a container or a disk is slow it takes seconds.
ENGINE_TIMEOUT_SECONDS = 20.0
ENGINE_READ_BYTES = 256 * 1024
# The engine may start after the SSM agent; https://docs.docker.com/engine/daemon/ has it up within seconds of boot.
ENGINE_START_SECONDS = 120.0
# How long the end of a container may stay unexplained by an engine that does not answer, perhaps since it restarts.
ENGINE_ABSENCE_SECONDS = 60.0
# Between two signs of progress of a download; unpacking one large layer shows none for minutes.
IMAGE_SILENCE_SECONDS = 900.0
# A registry or a network may be away; an instance that waits costs money, and a misspelt host never comes.
IMAGE_PATIENCE_SECONDS = 1_800.0
# The engine has the end of the output within milliseconds of a container's end.
CONTAINER_LOG_END_SECONDS = 30.0
# The first look loads the driver.
GPU_LOOK_SECONDS = 30.0
CONTAINER_LOG_PAUSE_SECONDS = 0.5
# A script may be silent for long; after this the stream is asked for anew, which finds out whether it still lives.
CONTAINER_LOG_SILENCE_SECONDS = 3_600.0
