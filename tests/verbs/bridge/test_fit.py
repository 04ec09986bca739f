"""What a fit of a study keeps, what it refuses, and a set moved through it."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from tests.verbs.bridge.conftest import EACH, IMAGES, WIDTH, fit

from repscope.errors import (
    ExistsError,
    InputError,
    LinkError,
    MissingError,
    UnknownNameError,
    VectorError,
)
from repscope.transform.files import CONFIG, WEIGHTS
from repscope.transform.store import stored, transforms
from repscope.verbs.bridge.fit import apply_bridge, fit_bridge
from repscope.verbs.bridge.params import make_bridge
from repscope.verbs.common.holdout import HoldOut, link_sets, split_rows


def test_what_is_kept_is_what_was_fitted_on_the_fit_rows(study):
    done = fit(study, params={"penalty": 1.0})
    assert (done.rows, done.held_out) == (96, 24)
    kept = stored(study, "b")
    sets = link_sets(study["visual"], study["text"], on="label", cluster="image_id")
    split = split_rows(sets, HoldOut())
    pairs = split.pairs
    alone = make_bridge("ridge", {"penalty": 1.0}).fit(
        study["visual"].vectors[split.source], study["text"].vectors[split.target], pairs=pairs
    )
    np.testing.assert_allclose(
        kept.load().transform(study["visual"]), alone.transform(study["visual"]), rtol=1e-5, atol=1e-5
    )
    files = sorted(path.name for path in kept.folder.iterdir())
    assert files == [CONFIG, WEIGHTS]
    assert kept.params["penalty"] == 1.0
    assert kept.fit["source"]["fingerprint"] == study["visual"].fingerprint
    assert kept.fit["hold_out"]["rows"] == 24
    assert kept.fit["cost"]["parameters"] == kept.load().n_parameters
    assert transforms(study) == ["b"]
    json.dumps(done.to_json(), allow_nan=False)


def test_the_same_fit_has_the_same_fingerprint_and_another_has_not(study):
    first = fit(study).stored.fingerprint
    assert fit(study, "again").stored.fingerprint == first
    assert fit(study, "other", seed=1).stored.fingerprint != first


def test_a_taken_name_is_refused_before_any_work_and_replaced_on_demand(study):
    first = fit(study).stored
    with pytest.raises(ExistsError, match="--overwrite"):
        fit(study, method="procrustes")
    assert stored(study, "b").fingerprint == first.fingerprint
    assert fit(study, method="procrustes", overwrite=True).stored.method == "procrustes"
    assert stored(study, "b").load().name == "procrustes"


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"method": "rigde"}, UnknownNameError, "ridge"),
        ({"params": {"penalti": 1}}, UnknownNameError, "penalty"),
        ({"on": None}, LinkError, "belong together"),
        ({"on": None, "method": "coral"}, LinkError, "--unpaired"),
        ({"unpaired": True}, InputError, "leave one out"),
        ({"on": "colour"}, UnknownNameError, "colour"),
        ({"cluster": "colour"}, UnknownNameError, "colour"),
    ],
)
def test_what_cannot_be_fitted(study, more, error, message):
    with pytest.raises(error, match=message):
        fit(study, **more)
    assert transforms(study) == []


def test_sets_that_are_not_there_or_of_another_width(study):
    with pytest.raises(MissingError, match="visual"):
        fit_bridge(study, "visuel", "text", "ridge", name="b", on="label")
    with pytest.raises(VectorError, match="width"):
        fit_bridge(study, "visual", "wide", "procrustes", name="b", on="id")
    assert fit_bridge(study, "visual", "wide", "ridge", name="b", on="id").stored.width_out == WIDTH + 1


def test_an_unpaired_method_needs_no_link_but_wants_to_be_told(study):
    done = fit(study, method="coral", on=None, unpaired=True)
    assert done.pairs is None
    assert done.held_out == 24


def test_applying_is_transforming_and_the_items_stay(study):
    fit(study)
    after = apply_bridge(study, "b", "visual", "after", shard_rows=50)
    np.testing.assert_array_equal(after.vectors, stored(study, "b").load().transform(study["visual"]))
    assert after.items.equals(study["visual"].items)
    assert study.manifest("after").shards[0].rows == 50
    assert after.provenance["transform"]["fingerprint"] == stored(study, "b").fingerprint
    (parent,) = after.provenance["parents"]
    assert parent == {"name": "visual", "fingerprint": study["visual"].fingerprint}


@pytest.mark.long
def test_two_processes_of_torchrun_save_one_bridge(study):
    words = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        *("-m", "repscope", "bridge", "fit", str(study.path), "--source", "visual", "--target", "text"),
        *("--on", "label", "--method", "contrastive", "--as", "both", "--param", "steps=4", "--json"),
        *("--param", "hidden=8"),
    ]
    first = subprocess.run(words, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    # One process speaks, so that the output is one record.
    assert json.loads(first.stdout)["fingerprint"] == stored(study, "both").fingerprint
    assert transforms(study) == ["both"]


def test_a_set_goes_back_by_the_inverse(study):
    fit(study, method="procrustes")
    after = apply_bridge(study, "b", "visual", "after")
    back = apply_bridge(study, "b", "after", "back", inverse=True)
    np.testing.assert_allclose(back.vectors, study["visual"].vectors, atol=1e-5)
    assert back.items.equals(study["visual"].items)
    assert back.provenance["transform"]["inverse"] is True
    assert "inverse" not in after.provenance["transform"]
    fit(study, "one-way")
    with pytest.raises(InputError, match="an invertible method, not ridge") as refused:
        apply_bridge(study, "one-way", "visual", "never", inverse=True)
    assert "procrustes" in refused.value.do
    assert "never" not in study


def test_what_only_a_fit_can_change_is_refused(study):
    fit(study)
    with pytest.raises(InputError, match="it has none"):
        apply_bridge(study, "b", "visual", "after", params={"penalty": 2})


def test_a_killed_apply_continues_where_it_stopped(study):
    fit(study)

    class StopError(Exception):
        pass

    def stop(state):
        if state.done >= 80:
            raise StopError

    with pytest.raises(StopError):
        apply_bridge(study, "b", "visual", "after", shard_rows=40, progress=stop)
    assert "repscope bridge apply" in study.manifest("after").resume
    seen = []
    apply_bridge(study, "b", "visual", "after", shard_rows=40, progress=lambda state: seen.append(state.done))
    assert seen == [120]
    whole = apply_bridge(study, "b", "visual", "whole")
    assert study["after"].fingerprint == whole.fingerprint


def test_what_cannot_be_applied(study):
    fit(study)
    with pytest.raises(VectorError, match="width 8"):
        apply_bridge(study, "b", "wide", "after")
    with pytest.raises(ExistsError, match="--overwrite"):
        apply_bridge(study, "b", "visual", "captions")
    with pytest.raises(MissingError, match="bridge"):
        apply_bridge(study, "c", "visual", "after")


def test_the_sentence_of_the_library(study):
    import repscope as rs

    before, text = study["visual"], study["text"]
    bridge = rs.bridges.GaussianTransport().fit(before, text)
    after = study.add("visual_after", bridge.transform(before), before.items, parents=[before])
    result = rs.compare(
        before, after, reference=text, on="label", cluster="image_id", seed=0, method="none",
        measures=["top1.true"], resamples=100,
    )  # fmt: skip
    assert result.n == IMAGES * EACH
    # Without items the ids would be row numbers, and nothing would pair before with after.
    bare = study.add("bare", bridge.transform(before))
    with pytest.raises(LinkError, match="same id"):
        rs.compare(before, bare, reference=text, on="label", method="none")
