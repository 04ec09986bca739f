"""Reference numbers from denoising-diffusion-pytorch, and a check that it loads files written here.

That library imports torchvision, which does not run beside a CPU torch, so it has an environment of its
own (Python 3.11):

    python3 -m venv ORACLE
    ORACLE/bin/pip install --constraint constraints.txt torch==2.13.0 numpy scipy
    ORACLE/bin/pip install --no-deps --constraint constraints-zoo.txt denoising-diffusion-pytorch \
        ema-pytorch einops accelerate torchvision pytorch-fid
    ORACLE/bin/pip install --constraint constraints.txt pillow tqdm packaging pyyaml psutil safetensors \
        huggingface_hub

    ORACLE/bin/python tests/transform/diffusion/make_fixtures.py            # writes fixtures/
    ORACLE/bin/python tests/transform/diffusion/make_fixtures.py check FILE NUMBERS

``check`` loads a trainer's checkpoint FILE into the library's own classes, strictly, runs it on the rows
kept in NUMBERS (.npz with ``x``, ``t``, ``expected``, ``seq_length``), and fails if the numbers differ.
"""

from __future__ import annotations

import io
import json
import lzma
import shutil
import sys
import tempfile
import zlib
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

FIXTURES = Path(__file__).parent / "fixtures"
LENGTH = 16
TIMESTEPS = 50
STEPS = 7
_KEPT = []


def library():
    """The library's module; its import needs two operators that torchvision declares only with CUDA."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        schemas = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            schemas.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(schemas)
    from denoising_diffusion_pytorch import denoising_diffusion_pytorch_1d

    return denoising_diffusion_pytorch_1d


@contextmanager
def fixed_noise(numbers):
    """Every draw of noise comes from ``numbers`` in turn."""
    rest = iter(numbers)
    kept = torch.randn, torch.randn_like

    def randn(*shape, **_):
        return next(rest).clone()

    torch.randn, torch.randn_like = randn, lambda like, **_: next(rest).clone()
    try:
        yield
    finally:
        torch.randn, torch.randn_like = kept


def weight(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A weight that needs no file: irregular numbers from its name and shape, the same everywhere."""
    phase = zlib.crc32(name.encode()) % 1000
    numbers = np.sin(phase + 12.9898 * np.arange(int(np.prod(shape)), dtype=np.float64) ** 1.1)
    base = 1.0 if name.endswith(".g") else 0.0
    return (base + 0.2 * numbers).reshape(shape).astype(np.float32)


def pack(name: str, numbers: dict[str, torch.Tensor]) -> None:
    """Write arrays to fixtures/NAME.xz; xz as the headers of a .npz would outweigh its numbers."""
    plain = io.BytesIO()
    np.savez(plain, **{key: tensor.numpy() for key, tensor in numbers.items()})
    (FIXTURES / f"{name}.xz").write_bytes(lzma.compress(plain.getvalue()))


def unet(one, **options):
    torch.manual_seed(0)
    network = one.Unet1D(**{"dim": 8, "dim_mults": (1, 2), "channels": 1, **options}).eval()
    state = {name: torch.from_numpy(weight(name, tuple(v.shape))) for name, v in network.state_dict().items()}
    network.load_state_dict(state)
    return network


def diffusion(one, network, **options):
    return one.GaussianDiffusion1D(
        network, **{"seq_length": LENGTH, "timesteps": TIMESTEPS, "auto_normalize": False, **options}
    ).eval()


@torch.no_grad()
def make() -> None:
    one = library()
    from denoising_diffusion_pytorch.denoising_diffusion_pytorch import sigmoid_beta_schedule

    shutil.rmtree(FIXTURES, ignore_errors=True)
    FIXTURES.mkdir()
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(3, 1, LENGTH, generator=generator)
    t = torch.tensor([0, 17, 49])
    noise = torch.randn(TIMESTEPS + 1, 3, 1, LENGTH, generator=generator)
    numbers = {"x": x[:, 0], "t": t, "noise": noise[:, :, 0]}

    for name, options in {
        "tiny": {},
        "deep": {"dim_mults": (1, 2, 2), "attn_heads": 2, "attn_dim_head": 8},
        "two_channels": {"channels": 2},
    }.items():
        network = unet(one, **options)
        rows = x if options.get("channels", 1) == 1 else x.reshape(3, 2, LENGTH // 2)
        numbers[f"network/{name}"] = network(rows, t).flatten(1)

    network = unet(one)
    for objective in ("pred_x0", "pred_noise", "pred_v"):
        for schedule in ("cosine", "linear"):
            common = {"objective": objective, "beta_schedule": schedule}
            key = f"{schedule}/{objective}"
            model = diffusion(one, network, **common, sampling_timesteps=STEPS)
            for name, buffer in model.named_buffers():
                if objective == "pred_x0" or name == "loss_weight":
                    numbers[f"buffer/{schedule}/{name}/{objective}"] = buffer
            numbers[f"q_sample/{schedule}"] = model.q_sample(x, t, noise[0])[:, 0]
            for eta in (0.0, 1.0):
                model.ddim_sampling_eta = eta
                for clip in (True, False):
                    with fixed_noise(noise):
                        found = model.ddim_sample(x.shape, clip_denoised=clip)
                    numbers[f"ddim/{key}/{eta:g}/{'clip' if clip else 'free'}"] = found[:, 0]
            # The library's DDPM always clips, and always goes through every step.
            with fixed_noise(noise):
                numbers[f"ddpm/{key}"] = diffusion(one, network, **common).p_sample_loop(x.shape)[:, 0]
    numbers["betas/sigmoid"] = sigmoid_beta_schedule(TIMESTEPS)
    pack("numbers.npz", numbers)
    trained(one, generator)
    packages = ("denoising-diffusion-pytorch", "ema-pytorch", "torch")
    about = {name: version(name) for name in packages}
    (FIXTURES / "versions.json").write_text(json.dumps(about, indent=1) + "\n")


@torch.enable_grad()
def trained(one, generator) -> None:
    """``model-1.pt``, as the library's trainer writes it after a few steps, and numbers of its average."""
    rows = torch.randn(32, 1, LENGTH, generator=generator)
    # One head instead of four keeps the file small.
    whole = one.LinearAttention
    one.LinearAttention = partial(whole, heads=1)
    network = one.Unet1D(dim=4, dim_mults=(1, 2), channels=1, attn_heads=1)
    one.LinearAttention = whole
    model = diffusion(one, network, objective="pred_x0")
    with tempfile.TemporaryDirectory() as folder:
        trainer = one.Trainer1D(
            model, one.Dataset1D(rows), train_batch_size=8, train_num_steps=12, ema_update_every=1,
            save_and_sample_every=1000, results_folder=folder, num_samples=1, train_lr=1e-2,
        )  # fmt: skip
        # By default the average follows the weights for 100 steps.
        trainer.ema.update_after_step = 2
        trainer.train()
        trainer.save(1)
        # The file as it was written; only packed.
        (FIXTURES / "model-1.pt.xz").write_bytes(lzma.compress((Path(folder) / "model-1.pt").read_bytes()))
    probe = rows[:3]
    t = torch.tensor([0, 17, 49])
    with torch.no_grad():
        average = trainer.ema.ema_model.eval()
        values = {
            "x": probe[:, 0],
            "t": t,
            "ema": average.model(probe, t)[:, 0],
            "raw": model.eval().model(probe, t)[:, 0],
        }
    pack("model-1.npz", values)


@torch.no_grad()
def check(file: Path, numbers: Path) -> None:
    one = library()
    wanted = np.load(numbers)
    saved = torch.load(file, map_location="cpu", weights_only=True)
    weights = {k[len("model.") :]: v for k, v in saved["model"].items() if k.startswith("model.")}
    first = weights["init_conv.weight"]
    levels = 1 + max(int(k.split(".")[1]) for k in weights if k.startswith("downs."))
    mults = tuple(len(weights[f"downs.{i}.3.weight"]) // len(first) for i in range(levels))
    hidden = weights["mid_attn.fn.fn.to_out.weight"].shape[1]
    heads = int(wanted["heads"])
    network = one.Unet1D(
        dim=len(first),
        dim_mults=mults,
        channels=first.shape[1],
        attn_heads=heads,
        attn_dim_head=hidden // heads,
    )
    model = one.GaussianDiffusion1D(
        network, seq_length=int(wanted["seq_length"]), timesteps=len(saved["model"]["betas"]),
        objective=str(wanted["objective"]), beta_schedule=str(wanted["schedule"]), auto_normalize=False,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        trainer = one.Trainer1D(
            model, one.Dataset1D(torch.zeros(4, 1, int(wanted["seq_length"]))), train_batch_size=2,
            results_folder=folder, num_samples=1,
        )  # fmt: skip
        shutil.copy(file, Path(folder) / "model-1.pt")
        trainer.load(1)
        if trainer.step != int(wanted["step"]):
            raise SystemExit(f"step {trainer.step} instead of {wanted['step']}")
    rows = torch.from_numpy(wanted["x"]).reshape(len(wanted["x"]), first.shape[1], -1)
    found = trainer.ema.ema_model.eval().model(rows, torch.from_numpy(wanted["t"])).flatten(1).numpy()
    apart = float(np.abs(found - wanted["expected"]).max())
    print(f"loaded; largest difference {apart:.2e}")
    if not apart < 1e-5:
        raise SystemExit("the numbers differ")


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        check(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        make()
