"""Brute force with numpy: the same points in the same order, arguments and output as brute-force.c.

    python3 brute-force.py INPUTS INPUT_SCALE WIDTHS VALUE_SCALE VALUES [POINTS [SEED]]

The plain vectorised way: a block of consecutive ranks is decoded into a column of integers for each
parameter that moves in it, the forward pass runs on columns, the reverse pass on the points where
something is tied. POINTS is kept exactly. Integers are exact: beyond 62 bits it refuses (exit 2).
"""

import json
import sys
import time

import numpy as np

BLOCK = 1 << 16


def integers(text):
    return [int(item) for item in text.split(",")]


def fail(message):
    print(f"brute-force: {message}", file=sys.stderr)
    sys.exit(2)


class Network:
    def __init__(self, inputs, input_scale, widths, value_scale, values):
        self.inputs = inputs
        self.widths = widths
        self.hidden = len(widths) - 2
        self.values = np.array(values, dtype=np.int64)
        self.bias_scale = [input_scale * value_scale**layer for layer in range(self.hidden)]
        # Slowest digit first: output biases, output weights, then unit by unit weights and bias.
        self.size = widths[-1] * (widths[-2] + 1)
        self.size += sum(b * (a + 1) for a, b in zip(widths[:-2], widths[1:-1]))
        most = max(abs(value) for value in values)
        bound, bar = max(abs(x) for x in inputs), most
        for layer, scale in enumerate(self.bias_scale):
            bound = most * (widths[layer] * bound + scale)
            if layer > 0:
                bar *= most * widths[layer + 1]
            if max(bound, bar) >= 1 << 62:
                fail("beyond 62 bits")

    def judge(self, parameters):
        """(touched, nonDifferentiable) of a block: parameters are columns, or scalars."""
        last, outputs = self.widths[-2], self.widths[-1]
        output_weight = parameters[outputs : outputs * (last + 1)]
        at = outputs * (last + 1)
        activation = self.inputs
        weights, sums = [], []
        for layer in range(self.hidden):
            fan_in, width = self.widths[layer], self.widths[layer + 1]
            rows, pre = [], []
            for _ in range(width):
                row, bias = parameters[at : at + fan_in], parameters[at + fan_in]
                at += fan_in + 1
                rows.append(row)
                pre.append(sum((w * a for w, a in zip(row, activation)), bias * self.bias_scale[layer]))
            weights.append(rows)
            sums.append(pre)
            activation = [np.maximum(y, 0) for y in pre]

        tied = False
        for pre in sums:
            for y in pre:
                tied = tied | (y == 0)
        size = max(np.size(column) for column in parameters)
        tied = np.flatnonzero(np.broadcast_to(tied, size))
        if tied.size == 0:
            return 0, 0

        def pick(column):
            return column[tied] if np.ndim(column) else column

        relevant = np.zeros(tied.size, dtype=bool)
        for output in range(outputs):
            bars = [pick(w) for w in output_weight[output * last : (output + 1) * last]]
            for layer in reversed(range(self.hidden)):
                pre = [pick(y) for y in sums[layer]]
                for y, bar in zip(pre, bars):
                    relevant |= (y == 0) & (bar != 0)
                bars = [bar * (y > 0) for y, bar in zip(pre, bars)]
                if layer > 0:
                    bars = [
                        sum(bar * pick(row[j]) for bar, row in zip(bars, weights[layer]))
                        for j in range(self.widths[layer])
                    ]
        return tied.size, int(np.count_nonzero(relevant))


def decoded(network, start, stop, low_digits, high):
    """Parameters of the low ranks [start, stop): columns where they move, scalars where not."""
    m = len(network.values)
    rank = np.arange(start, stop, dtype=np.int64)
    columns = []
    while len(columns) < low_digits and rank[0] != rank[-1]:
        rank, digit = np.divmod(rank, m)
        columns.append(network.values[digit])
    rest = int(rank[0])
    while len(columns) < low_digits:
        rest, digit = divmod(rest, m)
        columns.append(network.values[digit])
    return [network.values[digit] for digit in high] + columns[::-1]


def main(arguments):
    if not 5 <= len(arguments) <= 7:
        fail("INPUTS INPUT_SCALE WIDTHS VALUE_SCALE VALUES [POINTS [SEED]]")
    inputs, widths, values = (integers(arguments[k]) for k in (0, 2, 4))
    network = Network(inputs, int(arguments[1]), widths, int(arguments[3]), values)
    seed = int(arguments[6]) if len(arguments) > 6 else 0
    m, digits = len(values), [0] * network.size
    random = seed
    if seed != 0:
        for k in range(network.size - widths[-3] - 1):
            random = (random * 6364136223846793005 + 1442695040888963407) % (1 << 64)
            digits[k] = (random >> 33) % m
    # Ranks count in the low digits, as many as 62 bits hold; a carry turns the high ones.
    low_digits = 1
    while low_digits < network.size and m ** (low_digits + 1) < 1 << 62:
        low_digits += 1
    high, low = digits[: network.size - low_digits], 0
    for digit in digits[network.size - low_digits :]:
        low = low * m + digit
    left = int(arguments[5]) if len(arguments) > 5 else m**network.size

    points = touched = non_differentiable = 0
    whole = False
    began = time.perf_counter()
    while left > 0 and not whole:
        stop = min(low + BLOCK, low + left, m**low_digits)
        block = network.judge(decoded(network, low, stop, low_digits, high))
        touched, non_differentiable = touched + block[0], non_differentiable + block[1]
        points, left, low = points + stop - low, left - (stop - low), stop
        if low == m**low_digits:
            low, k = 0, len(high) - 1
            while k >= 0 and high[k] == m - 1:
                high[k], k = 0, k - 1
            if k < 0:
                whole = True
            else:
                high[k] += 1
    print(
        json.dumps(
            {
                "points": str(points),
                "whole": whole and seed == 0,
                "touched": str(touched),
                "nonDifferentiable": str(non_differentiable),
                "incorrect": "0",
                "seconds": time.perf_counter() - began,
            }
        )
    )


main(sys.argv[1:])
