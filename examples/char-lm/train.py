#!/usr/bin/env python3
"""Trains a small character-level language model, and loses nothing when it is stopped.

Standard library only, and deterministic: the same arguments give the same final model, bit for bit, however often the
training was interrupted. It runs on its own (`python3 train.py`); under runctl it uses these environment variables:

    RUNCTL_CHECKPOINT_DIR   where checkpoints go (./checkpoints when unset)
    RUNCTL_RESUME_FROM      the checkpoint to go on from, when set
    RUNCTL_PROGRESS_FILE    one line of JSON per reported step, when set

A checkpoint is a folder `checkpoint-000120` with `model.json` (the parameters) and `training-state.json` (optimizer,
random numbers, position in the data). It is written under a temporary name and renamed, so that it is whole or absent.
"""

import argparse
import json
import math
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

CONTEXT_LENGTH = 4
EMBEDDING_SIZE = 6
HIDDEN_SIZE = 24
BATCH_SIZE = 8
LEARNING_RATE = 0.01
ADAM_BETA_1, ADAM_BETA_2, ADAM_EPSILON = 0.9, 0.99, 1e-8
NOISE_PROBABILITY = 0.02
REPORT_EVERY_STEPS = 5

stop_requested = False


def request_stop(_signal_number, _frame):
    """SIGTERM means: save now and exit. The loop looks at this after each step."""
    global stop_requested
    stop_requested = True


def main():
    signal.signal(signal.SIGTERM, request_stop)
    arguments = parse_arguments()
    text = (Path(__file__).resolve().parent / "sonnets.txt").read_text(encoding="utf-8")
    trainer = Trainer(text, arguments.seed)
    directory = Path(os.environ.get("RUNCTL_CHECKPOINT_DIR", "checkpoints"))
    directory.mkdir(parents=True, exist_ok=True)

    resume_from = os.environ.get("RUNCTL_RESUME_FROM")
    if resume_from:
        trainer.load(Path(resume_from))
        print(f"resumed from step {trainer.step}", flush=True)

    while trainer.step < arguments.steps and not stop_requested:
        started = time.monotonic()
        loss = trainer.train_step()
        if trainer.step % REPORT_EVERY_STEPS == 0 or trainer.step == arguments.steps:
            report(trainer.step, arguments.steps, loss)
        if trainer.step % arguments.checkpoint_every == 0 and trainer.step < arguments.steps:
            trainer.save(directory)
        keep_pace(started, arguments.step_seconds)

    trainer.save(directory)
    if trainer.step < arguments.steps:
        print(f"stopped at step {trainer.step}; saved", flush=True)
    else:
        print(f"done: {trainer.step} steps; a sample:\n{trainer.sample(120)}", flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=positive_integer, default=1500)
    parser.add_argument("--checkpoint-every", type=positive_integer, default=100, help="steps between checkpoints")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step-seconds", type=float, default=0.0, help="shortest time a step takes, to slow it down")
    return parser.parse_args()


def positive_integer(value):
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {value}")
    return number


def report(step, total_steps, loss):
    print(f"step {step}/{total_steps} loss {loss:.4f}", flush=True)
    progress_file = os.environ.get("RUNCTL_PROGRESS_FILE")
    if progress_file:
        with open(progress_file, "a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "totalSteps": total_steps, "loss": loss}) + "\n")


def keep_pace(started, step_seconds):
    while not stop_requested:
        remaining = started + step_seconds - time.monotonic()
        if remaining <= 0:
            return
        time.sleep(min(remaining, 0.05))


class Trainer:
    """A model, its optimizer, and where it stands in the data: everything a checkpoint has to hold."""

    def __init__(self, text, seed):
        self.seed = seed
        self.alphabet = sorted(set(text))
        index = {character: number for number, character in enumerate(self.alphabet)}
        self.encoded = [index[character] for character in text]
        self.random = random.Random(seed)
        self.model = new_model(len(self.alphabet), self.random)
        self.first_moment = {name: [0.0] * len(values) for name, values in self.model.items()}
        self.second_moment = {name: [0.0] * len(values) for name, values in self.model.items()}
        self.step = 0
        self.epoch = 0
        self.position = 0
        self.order = self.shuffled_windows()

    def shuffled_windows(self):
        """The order of an epoch follows from seed and epoch alone, so a checkpoint need not hold it."""
        windows = list(range(len(self.encoded) - CONTEXT_LENGTH))
        random.Random(f"{self.seed}/{self.epoch}").shuffle(windows)
        return windows

    def next_window(self):
        if self.position == len(self.order):
            self.epoch += 1
            self.position = 0
            self.order = self.shuffled_windows()
        start = self.order[self.position]
        self.position += 1
        return self.encoded[start : start + CONTEXT_LENGTH], self.encoded[start + CONTEXT_LENGTH]

    def train_step(self):
        """One optimizer step over one batch; returns the mean loss in nats per character."""
        gradient = {name: [0.0] * len(values) for name, values in self.model.items()}
        loss = 0.0
        for _ in range(BATCH_SIZE):
            context, target = self.next_window()
            loss += accumulate_gradient(self.model, self.with_noise(context), target, gradient)
        self.step += 1
        self.apply(gradient)
        return loss / BATCH_SIZE

    def with_noise(self, context):
        return [
            self.random.randrange(len(self.alphabet)) if self.random.random() < NOISE_PROBABILITY else character
            for character in context
        ]

    def apply(self, gradient):
        """Adam (Kingma and Ba, 2015)."""
        correction_1 = 1.0 - ADAM_BETA_1**self.step
        correction_2 = 1.0 - ADAM_BETA_2**self.step
        for name, values in self.model.items():
            first, second = self.first_moment[name], self.second_moment[name]
            for i, g in enumerate(gradient[name]):
                g /= BATCH_SIZE
                first[i] = ADAM_BETA_1 * first[i] + (1.0 - ADAM_BETA_1) * g
                second[i] = ADAM_BETA_2 * second[i] + (1.0 - ADAM_BETA_2) * g * g
                scale = math.sqrt(second[i] / correction_2) + ADAM_EPSILON
                values[i] -= LEARNING_RATE * (first[i] / correction_1) / scale

    def save(self, directory):
        """Writes `checkpoint-<step>` whole or not at all; one that is there already is left as it is."""
        final = directory / f"checkpoint-{self.step:06d}"
        if final.exists():
            return
        temporary = directory / f".checkpoint-{self.step:06d}.tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        write_json(temporary / "model.json", {"alphabet": self.alphabet, "parameters": self.model})
        state = {
            "seed": self.seed,
            "step": self.step,
            "epoch": self.epoch,
            "position": self.position,
            "random": self.random.getstate(),
            "firstMoment": self.first_moment,
            "secondMoment": self.second_moment,
        }
        write_json(temporary / "training-state.json", state)
        os.rename(temporary, final)
        print(f"checkpoint {final.name}", flush=True)

    def load(self, checkpoint):
        self.model = json.loads((checkpoint / "model.json").read_text(encoding="utf-8"))["parameters"]
        state = json.loads((checkpoint / "training-state.json").read_text(encoding="utf-8"))
        if state["seed"] != self.seed:
            sys.exit(f"the checkpoint was made with --seed {state['seed']}, not {self.seed}")
        self.step, self.epoch, self.position = state["step"], state["epoch"], state["position"]
        version, internal, gauss_next = state["random"]
        self.random.setstate((version, tuple(internal), gauss_next))
        self.first_moment, self.second_moment = state["firstMoment"], state["secondMoment"]
        self.order = self.shuffled_windows()

    def sample(self, length):
        """Text that the model finds likely; its own random numbers, so that it changes nothing."""
        choose = random.Random(self.seed)
        text = list(self.encoded[:CONTEXT_LENGTH])
        for _ in range(length):
            _, _, probabilities = forward(self.model, text[-CONTEXT_LENGTH:])
            text += choose.choices(range(len(self.alphabet)), probabilities)
        return "".join(self.alphabet[character] for character in text)


def new_model(alphabet_size, rng):
    """Embedding, one hidden layer of tanh units, output layer; each matrix is a flat list, row by row."""
    input_size = CONTEXT_LENGTH * EMBEDDING_SIZE

    def matrix(rows, columns, scale):
        return [rng.uniform(-scale, scale) for _ in range(rows * columns)]

    return {
        "embedding": matrix(alphabet_size, EMBEDDING_SIZE, 0.5),
        "hidden": matrix(HIDDEN_SIZE, input_size, 1.0 / math.sqrt(input_size)),
        "hiddenBias": [0.0] * HIDDEN_SIZE,
        "output": matrix(alphabet_size, HIDDEN_SIZE, 1.0 / math.sqrt(HIDDEN_SIZE)),
        "outputBias": [0.0] * alphabet_size,
    }


def forward(model, context):
    """Returns the embedded context, the hidden activations, and the probability of each next character."""
    embedding = model["embedding"]
    inputs = []
    for character in context:
        inputs += embedding[character * EMBEDDING_SIZE : (character + 1) * EMBEDDING_SIZE]
    hidden = [math.tanh(total) for total in affine(model["hidden"], model["hiddenBias"], inputs)]
    logits = affine(model["output"], model["outputBias"], hidden)
    highest = max(logits)
    weights = [math.exp(logit - highest) for logit in logits]
    total = sum(weights)
    return inputs, hidden, [weight / total for weight in weights]


def affine(matrix, bias, vector):
    size = len(vector)
    return [
        start + sum(map(float.__mul__, matrix[row * size : (row + 1) * size], vector))
        for row, start in enumerate(bias)
    ]


def accumulate_gradient(model, context, target, gradient):
    """Adds the gradient of one example and returns its loss (cross-entropy, in nats)."""
    inputs, hidden, probabilities = forward(model, context)
    hidden_error = [0.0] * HIDDEN_SIZE
    output, output_gradient = model["output"], gradient["output"]
    for row, probability in enumerate(probabilities):
        error = probability - 1.0 if row == target else probability
        gradient["outputBias"][row] += error
        offset = row * HIDDEN_SIZE
        for column, activation in enumerate(hidden):
            output_gradient[offset + column] += error * activation
            hidden_error[column] += error * output[offset + column]

    input_size = len(inputs)
    input_error = [0.0] * input_size
    weights, weights_gradient = model["hidden"], gradient["hidden"]
    for row, activation in enumerate(hidden):
        error = hidden_error[row] * (1.0 - activation * activation)
        gradient["hiddenBias"][row] += error
        offset = row * input_size
        for column, value in enumerate(inputs):
            weights_gradient[offset + column] += error * value
            input_error[column] += error * weights[offset + column]

    for place, character in enumerate(context):
        for dimension in range(EMBEDDING_SIZE):
            gradient["embedding"][character * EMBEDDING_SIZE + dimension] += input_error[
                place * EMBEDDING_SIZE + dimension
            ]
    return -math.log(probabilities[target])


def write_json(path, value):
    # Python writes the shortest text that reads back as the same float, so nothing is lost on the way.
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
