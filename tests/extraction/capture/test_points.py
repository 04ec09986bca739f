from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repscope.errors import InputError, ModelError, NameNotAllowedError
from repscope.extraction.capture.points import CapturePoint, as_points, parse_point, resolve_points

MODULES = [
    "",
    "stem",
    "layer1",
    "layer1.0",
    "layer1.1",
    "layer2",
    "layer2.0",
    "encoder",
    "encoder.layer",
    "encoder.layer.0",
]


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("adapter", CapturePoint("adapter")),
        ("adapter:input=visual_before", CapturePoint("adapter", "input", name="visual_before")),
        ("adapter:output=visual after é", CapturePoint("adapter", "output", name="visual after é")),
        ("vit.layer.3:cls", CapturePoint("vit.layer.3", pool="cls")),
        ("block:input:mean@2=x", CapturePoint("block", "input", call=2, pool="mean", name="x")),
        ("block@0:output", CapturePoint("block", call=0)),
        (":output.pooler_output=pooled", CapturePoint("", key="pooler_output", name="pooled")),
        ("attention:input.1", CapturePoint("attention", "input", key="1")),
        ("block:output:batch1:mean=x", CapturePoint("block", pool="mean", batch=1, name="x")),
        ("layer*:tokens=l_*", CapturePoint("layer*", pool="tokens", name="l_*")),
    ],
)
def test_forms(text: str, point: CapturePoint) -> None:
    assert parse_point(text) == point


@pytest.mark.parametrize("text", ["a:sideways", "a:output:min", "a@x", "a:", "a@-1"])
def test_malformed_points_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="MODULE"):
        parse_point(text)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden"])
def test_set_names_are_checked(name: str) -> None:
    with pytest.raises(NameNotAllowedError):
        parse_point(f"stem={name}")


@settings(deadline=None, max_examples=30)
@given(
    st.builds(
        CapturePoint,
        st.sampled_from(["stem", "layer1.0", ""]),
        st.sampled_from(["input", "output"]),
        st.sampled_from(["", "0", "hidden"]),
        st.one_of(st.none(), st.integers(0, 20)),
    )
)
def test_a_point_prints_as_it_is_written(point: CapturePoint) -> None:
    assert parse_point(str(point)) == point


def test_mapping_names_the_sets() -> None:
    assert as_points({"before": "stem:input", "after": "stem"}) == [
        CapturePoint("stem", "input", name="before"),
        CapturePoint("stem", name="after"),
    ]
    assert as_points("stem") == [CapturePoint("stem")]


def names(*texts: str) -> list[tuple[str, str]]:
    return [(point.module, point.name) for point in resolve_points(as_points(list(texts)), MODULES, "tiny")]


def test_globs_stay_within_a_name_unless_doubled() -> None:
    assert names("layer*") == [("layer1", "layer1"), ("layer2", "layer2")]
    assert names("layer*.0=block_*") == [("layer1.0", "block_1"), ("layer2.0", "block_2")]
    assert names("encoder.**") == [("encoder.layer", "encoder.layer"), ("encoder.layer.0", "encoder.layer.0")]
    assert names("**.0=z_*") == [
        ("layer1.0", "z_layer1"),
        ("layer2.0", "z_layer2"),
        ("encoder.layer.0", "z_encoder.layer"),
    ]
    assert names("layer1.*") == [("layer1.0", "layer1.0"), ("layer1.1", "layer1.1")]


def test_default_names_tell_points_apart() -> None:
    assert names("stem", "stem:input", "stem@1", "", ":input", ":output.x") == [
        ("stem", "stem"),
        ("stem", "stem.input"),
        ("stem", "stem@1"),
        ("", "tiny"),
        ("", "tiny.input"),
        ("", "tiny.x"),
    ]


def test_nearest_names_are_offered() -> None:
    with pytest.raises(ModelError, match="choose one of layer1") as caught:
        names("leyer1")
    assert "'leyer1', which matches nothing" in str(caught.value)
    with pytest.raises(ModelError, match=r"layer1\.0"):
        names("zzz.0")
    with pytest.raises(ModelError, match="choose one of stem, layer1"):
        names("qqqqqqq")
    with pytest.raises(ModelError, match="matches nothing"):
        names("nothing.*")


def test_two_points_for_one_set_are_refused() -> None:
    with pytest.raises(InputError, match="both for set 'x'"):
        names("stem=x", "layer1=x")
    with pytest.raises(InputError, match=r"for example =x_\*"):
        names("layer*=x")
    assert names("encoder.*=only") == [("encoder.layer", "only")]
