"""``repscope bridge``: what a person types, what is printed, and each refusal."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.study import Study
from repscope.transform.catalogue import methods
from repscope.transform.store import stored


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bridge") / "s"
    rng = np.random.default_rng(0)
    label = rng.integers(0, 5, 100)
    texts = rng.normal(size=(5, 6))
    made = Study(folder)
    names = [f"c{one}" for one in range(5)]
    made.add("text", texts, {"id": names, "label": names})
    items = {"label": [names[one] for one in label], "image_id": [str(row // 2) for row in range(100)]}
    turned = (texts[label] + rng.normal(0, 0.5, (100, 6))) @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
    made.add("visual", turned + 1, items)
    made.add("wide", rng.normal(size=(100, 7)))
    return folder


def run(*arguments: object):
    return CliRunner().invoke(app, [str(one) for one in arguments])


FIT = ("--source", "visual", "--target", "text", "--on", "label", "--cluster", "image_id")
NEW = ("--method", "ridge", "--as", "x")


def test_methods_are_those_of_the_registry():
    result = run("bridge", "methods")
    assert result.exit_code == 0
    assert all(f"\n{one.name} " in "\n" + result.stdout for one in methods())
    record = json.loads(run("bridge", "methods", "--json").stdout)
    assert [one["name"] for one in record] == [one.name for one in methods()]
    assert "--param penalty=" in run("bridge", "methods", "ridge").stdout
    assert json.loads(run("bridge", "methods", "ridge", "--json").stdout)["params"]["folds"] == 5
    unknown = run("bridge", "methods", "rigde")
    assert (unknown.exit_code, "choose one of ridge" in unknown.stderr) == (1, True)


def test_fit_apply_report_and_info(study, tmp_path):
    result = run(
        "bridge", "fit", study, *FIT, "--method", "ridge", "--as", "r", "--param", "penalty=1", "--json"
    )
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert (record["name"], record["held_out"], record["params"]["penalty"]) == ("r", 20, 1)
    applied = run("bridge", "apply", study, "r", "--to", "visual", "--as", "after", "--json")
    assert json.loads(applied.stdout)["fingerprint"] == Study(study)["after"].fingerprint
    out = tmp_path / "out"
    report = run(
        "bridge", "report", study, "r", "--methods", "identity", "--out", out, "--resamples", "200",
        "--figures", "png",
    )  # fmt: skip
    assert report.exit_code == 0, report.stderr
    assert "held-out: 20 rows, 10 independent" in report.stdout
    assert sorted(path.name for path in out.iterdir()) == [
        "figures", "metrics.csv", "metrics.json", "report.html", "report.txt",
    ]  # fmt: skip
    pictures = {path.name for path in (out / "figures").iterdir()}
    assert {"bridge_methods.png", "bridge_effect-held-out-r.png"} <= pictures
    page = (out / "report.html").read_text()
    assert "<script" not in page
    assert "truth climbed" in page
    rows = list(csv.DictReader(io.StringIO((out / "metrics.csv").read_text())))
    saved = json.loads((out / "metrics.json").read_text())
    ridge = saved["parts"][0]["methods"][0]
    top1 = next(row for row in ridge["measures"] if row["name"] == "top1.true")
    (line,) = [row for row in rows if (row["bridge"], row["measure"]) == ("r", "top1.true")]
    assert float(line["difference"]) == top1["difference"]["value"]
    assert f"{top1['after']['value']:.3f}" in (out / "report.txt").read_text()
    listed = json.loads(run("info", study, "--json").stdout)["transforms"]
    assert [one["name"] for one in listed] == ["r"]
    assert (
        f"bridge  r: ridge, visual → text, {stored(Study(study), 'r').fingerprint[:12]}"
        in run("info", study).stdout
    )


def test_a_report_on_methods_alone_goes_to_the_results(study):
    result = run(
        "bridge", "report", study, "--methods", "identity,mean-shift", *FIT, "--folds", "3", "--figures", "",
        "--resamples", "200", "--json", "--quiet",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert [part["name"] for part in record["parts"]] == ["seen", "unseen"]
    folder = study / "results" / "bridge" / "visual - text"
    assert json.loads((folder / "metrics.json").read_text()) == record
    again = run(*record["replay"].split()[1:], "--figures", "", "--json", "--quiet")
    assert (
        json.loads(again.stdout)["parts"][0]["methods"][1]["measures"]
        == (record["parts"][0]["methods"][1]["measures"])
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fit", "S", *FIT, "--method", "rigde", "--as", "x"], "choose one of ridge"),
        (["fit", "S", *FIT, *NEW, "--param", "penalti=1"], "choose one of penalty"),
        (["fit", "S", *FIT, *NEW, "--param", "penalty"], "NAME=VALUE"),
        (["fit", "S", *FIT[:4], *NEW], "--on KEY"),
        (["fit", "S", *FIT[:4], "--unpaired", *NEW], "--on KEY"),
        (["fit", "S", *FIT, "--unpaired", *NEW], "leave one out"),
        (["fit", "S", "--source", "visaul", *FIT[2:], *NEW], "choose one of: visual"),
        (["fit", "S", "--source", "wide", *FIT[2:], "--method", "coral", "--as", "x"], "label"),
        (["fit", "S", *FIT, "--method", "ridge", "--as", "../x"], "plain name"),
        (["fit", "S", *FIT, *NEW, "--hold-out", "some"], "clusters, classes, none"),
        (["fit", "S", *FIT, *NEW, "--share", "2"], "between 0 and 1"),
        (["fit", "nowhere", *FIT, *NEW], "a study at nowhere"),
        (["apply", "S", "nobody", "--to", "visual", "--as", "x"], "a bridge named 'nobody'"),
        (["report", "S"], "--methods all"),
        (["report", "S", "--methods", "rigde", *FIT], "choose one of ridge"),
        (["report", "S", "--methods", "ridge", *FIT, "--figures", "bmp"], "a format of figures"),
        (["report", "S", "--methods", "ridge", *FIT, "--palette", "neon"], "a palette"),
        (["report", "S", "--methods", "ridge", *FIT, "--entry-times", "soon"], "--entry-times"),
        (["report", "S", "--methods", "ridge", *FIT, "--measures", "top1.ture"], "top1.true"),
        (["import-diffusion", "S", "nothing.pt", "--as", "x"], "nothing.pt"),
        (["export-diffusion", "S", "nobody", "--to", "x.pt"], "a bridge named 'nobody'"),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do_and_leave_nothing(study, words, message):
    result = run("bridge", *(study if word == "S" else word for word in words))
    assert result.exit_code == 1, result.stdout
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not (study / "transforms" / "x").exists()


def test_a_taken_name_and_wrong_use(study):
    words = ("bridge", "fit", study, *FIT, "--method", "identity", "--as", "taken")
    assert run(*words).exit_code == 0
    again = run(*words)
    assert (again.exit_code, "--overwrite" in again.stderr) == (1, True)
    assert run(*words, "--overwrite").exit_code == 0
    assert run("bridge", "fit", study).exit_code == 2
    exported = run("bridge", "export-diffusion", study, "taken", "--to", study / "x.pt")
    assert (exported.exit_code, "--method ddpm" in exported.stderr) == (1, True)


def test_a_place_that_cannot_be_written(study, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    result = run(
        "bridge", "report", study, "--methods", "identity", *FIT, "--out", blocked / "out", "--figures", "",
        "--resamples", "200",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "a file where a folder is needed" in result.stderr


def test_help_has_an_example():
    for verb in ("methods", "fit", "apply", "report", "import-diffusion", "export-diffusion"):
        assert "Example: repscope bridge " + verb in " ".join(run("bridge", verb, "--help").stdout.split())


UNET = (
    "--method", "ddpm", "--param", "denoiser=unet1d", "--param", "dim_mults=[1,2]", "--param", "init_dim=8",
    "--param", "timesteps=50", "--param", "entry_time=20", "--param", "sampling_steps=3",
    "--param", "steps=8", "--param", "batch_size=16",
)  # fmt: skip


def test_a_diffusion_bridge_goes_out_as_an_older_checkpoint_and_comes_back(study, tmp_path):
    both = ("--source", "visual", "--target", "visual", "--unpaired", "--hold-out", "none")
    file = tmp_path / "model-1.pt"
    for words in (
        ("fit", study, *both, *UNET, "--as", "unet"),
        ("export-diffusion", study, "unet", "--to", file),
        ("import-diffusion", study, file, "--as", "back", "--source-mean", "visual",
         "--target-mean", "visual", "--param", "entry_time=20", "--param", "sampling_steps=3"),
        ("apply", study, "unet", "--to", "visual", "--as", "by_unet"),
        ("apply", study, "back", "--to", "visual", "--as", "by_back"),
    ):  # fmt: skip
        result = run("bridge", *words)
        assert result.exit_code == 0, result.stderr
    made = Study(study)
    first, again = made["by_unet"].vectors, made["by_back"].vectors
    lengths = [np.linalg.norm(one, axis=1, keepdims=True) for one in (first, again)]
    assert np.abs(first / lengths[0] - again / lengths[1]).max() < 1e-5
    assert np.abs(first - made["visual"].vectors).max() > 0.1


@pytest.fixture
def checkpoint(study, tmp_path):
    """A trainer's file of the older form."""
    both = ("--source", "visual", "--target", "visual", "--unpaired", "--hold-out", "none", "--overwrite")
    assert run("bridge", "fit", study, *both, *UNET, "--as", "first").exit_code == 0
    assert run("bridge", "export-diffusion", study, "first", "--to", tmp_path / "model-1.pt").exit_code == 0
    return tmp_path / "model-1.pt"


def test_sampling_changes_without_another_fit(study, checkpoint):
    words = ("--target-mean", "visual", "--param", "sampling_steps=2", "--overwrite")
    for name, entry in (("at20", 20), ("at5", 5)):
        done = run(
            "bridge", "import-diffusion", study, checkpoint, "--as", name, *words, "--param",
            f"entry_time={entry}",
        )  # fmt: skip
        assert done.exit_code == 0, done.stderr
    # The older systems subtracted the mean of the texts from both sides.
    assert "centred with the target's mean on the way in too" in done.stderr
    tuned = run(
        "bridge", "apply", study, "at20", "--to", "visual", "--as", "tuned", "--param", "entry_time=5"
    )
    plain = run("bridge", "apply", study, "at5", "--to", "visual", "--as", "plain")
    assert (tuned.exit_code, plain.exit_code) == (0, 0), tuned.stderr
    made = Study(study)
    np.testing.assert_array_equal(made["tuned"].vectors, made["plain"].vectors)
    assert made["tuned"].provenance["transform"]["params"] == {"entry_time": 5}
    for words, said in (
        (("--param", "timesteps=20"), "may change after the fit: entry_time"),
        (("--param", "sampling_steps=30"), "1 to 20 sampling steps"),
        (("--inverse",), "fit one that has: normalise"),
    ):
        refused = run("bridge", "apply", study, "at20", "--to", "visual", "--as", "never", *words)
        assert (refused.exit_code, said in " ".join(refused.stderr.split())) == (1, True), refused.stderr
    assert "never" not in made


def test_an_imported_checkpoint_is_judged_on_all_rows_and_that_is_said(study, checkpoint, tmp_path):
    done = run(
        "bridge", "import-diffusion", study, checkpoint, "--as", "theirs", "--target-mean", "text",
        "--source-mean", "visual", "--param", "entry_time=20", "--param", "sampling_steps=2",
        "--param", "train_on=source",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    result = run(
        "bridge", "report", study, "theirs", "--methods", "identity", *FIT, "--entry-times", "5",
        "--resamples", "200", "--figures", "png", "--folds", "2", "--out", tmp_path / "out", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    seen = next(part for part in record["parts"] if part["name"] == "seen")
    assert seen["n"] == 100
    # A bridge that was trained on what it moves is not tabled as one that learnt the target.
    assert [(one["label"], one["learns_from"]) for one in seen["methods"]] == [
        ("theirs", "source"), ("identity", "nothing"),
    ]  # fmt: skip
    assert any("theirs was trained elsewhere" in note for note in record["notes"])
    assert "--source visual --target text --on label" in record["replay"]
    assert (tmp_path / "out" / "figures" / "bridge_effect-seen-theirs.png").exists()
    moved = run("bridge", "apply", study, "theirs", "--to", "visual", "--as", "theirs_after")
    assert moved.exit_code == 0
    before = Study(study)
    unit = before["theirs_after"].vectors.astype(float)
    cosines = unit @ before["text"].vectors.T / np.linalg.norm(before["text"].vectors, axis=1)
    found = cosines.argmax(axis=1) == [int(one[1:]) for one in before["visual"].column("label")]
    top1 = next(one for one in seen["methods"][0]["measures"] if one["name"] == "top1.true")
    assert top1["after"]["value"] == pytest.approx(found.mean())


def test_a_list_that_is_none_is_refused(study):
    words = [one.replace("[1,2]", "1,2") for one in UNET]
    refused = run("bridge", "fit", study, *FIT, *words, "--as", "never")
    assert (refused.exit_code, "[1, 2, 4, 8]" in refused.stderr) == (1, True)


def test_the_entry_time_of_a_real_diffusion_bridge_is_swept(study, tmp_path):
    fitted = run("bridge", "fit", study, *FIT, "--method", "ddpm", "--as", "small", "--param", "steps=20",
                 "--param", "timesteps=50", "--param", "entry_time=20", "--param", "sampling_steps=2",
                 "--param", "validation=0")  # fmt: skip
    assert fitted.exit_code == 0, fitted.stderr
    swept = run("bridge", "report", study, "small", "--entry-times", "5,40", "--figures", "png",
                "--out", tmp_path / "out", "--json")  # fmt: skip
    assert swept.exit_code == 0, swept.stderr
    (sweep,) = json.loads(swept.stdout)["entry_time"]
    assert [one["time"] for one in sweep["times"]] == [5, 40]
    assert all(one["measures"] and one["verdict"] for one in sweep["times"])
    assert (tmp_path / "out" / "figures" / "bridge_entry_time.png").stat().st_size > 5000
