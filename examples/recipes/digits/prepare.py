"""Stand-in for your own training: digits as PNG files, a small dual encoder, its texts of the ten classes.

Writes images/train, images/test, image_encoder.safetensors and class_texts.npz into the working folder.
"""

from pathlib import Path

import numpy as np
import torch
from encoders import DIGITS, ImageEncoder, TextEncoder
from PIL import Image
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy, normalize

TRAIN, TEST, EPOCHS = 600, 300, 3


def write_images() -> dict[str, list[tuple[Path, int]]]:
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))[: TRAIN + TEST]
    found: dict[str, list[tuple[Path, int]]] = {"train": [], "test": []}
    for place, row in enumerate(order):
        split = "train" if place < TRAIN else "test"
        label = int(digits.target[row])
        path = Path("images") / split / DIGITS[label] / f"{row:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.uint8(digits.images[row] * 255 / 16)).save(path)
        found[split].append((path, label))
    return found


def pixels_of(paths: list[Path]) -> torch.Tensor:
    rows = [np.asarray(Image.open(path).convert("RGB"), np.float32) / 255 for path in paths]
    return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2)


def main() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    train = write_images()["train"]
    pixels, labels = pixels_of([path for path, _ in train]), np.array([label for _, label in train])
    images, texts = ImageEncoder(), TextEncoder()
    optimiser = torch.optim.Adam([*images.parameters(), *texts.parameters()], lr=1e-3)
    # A short training on purpose: it leaves a gap between the modalities, and classes that are mixed up.
    for _ in range(EPOCHS):
        for rows in np.array_split(rng.permutation(len(labels)), len(labels) // 50):
            codes = torch.from_numpy(labels[rows])
            cosines = normalize(images(pixels[rows])) @ normalize(texts(codes)).T / 0.07
            own = torch.arange(len(rows))
            loss = cross_entropy(cosines, own) + cross_entropy(cosines.T, own)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    save_file(images.state_dict(), "image_encoder.safetensors")
    with torch.inference_mode():
        vectors = normalize(texts(torch.arange(10))).numpy()
    np.savez("class_texts.npz", vectors=vectors, ids=np.array(DIGITS), label=np.array(DIGITS))
    print(f"loss {loss.item():.3f}; {len(train)} images to train on")


main()
