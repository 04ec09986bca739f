"""Directions and surfaces: the landscape of a quadratic is the quadratic, and nothing is left changed."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from repscope.errors import ExistsError, InputError, ModelError
from repscope.learning.landscape.directions import Plane, random_plane, trajectory_plane
from repscope.learning.landscape.surface import CELLS, Surface, axis_of, curvatures, fill_surface


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2))


def images_loss(module):
    images = torch.linspace(-1, 1, 8 * 16).reshape(8, 1, 4, 4)
    return module(images).square().mean()


class Weight(nn.Module):
    def __init__(self, values):
        super().__init__()
        self.w = nn.Parameter(torch.tensor([values], dtype=torch.float64))


def test_the_landscape_of_a_quadratic_is_the_quadratic():
    curve = torch.tensor([3.0, 0.5, 2.0], dtype=torch.float64)
    module = Weight([0.3, -0.2, 0.1])
    plane = random_plane(module, 1)
    xs, ys = axis_of(7, -1.5, 1.0), axis_of(5, -2, 2)

    def loss(module):
        return (curve * module.w[0] ** 2).sum()

    losses = fill_surface(Surface(module, loss, plane, train=False, seed=0), xs, ys)
    w, d, e = (one[0].detach().numpy() for one in (module.w, plane.first["w"], plane.second["w"]))
    for row, b in enumerate(ys):
        for column, a in enumerate(xs):
            assert losses[row, column] == pytest.approx((curve.numpy() * (w + a * d + b * e) ** 2).sum())
    found = curvatures(losses, xs, ys)
    assert found == pytest.approx([2 * (curve.numpy() * one**2).sum() for one in (d, e)])
    assert losses[2, 3] == float(loss(module).detach())


def test_filters_of_a_direction_are_as_long_as_the_trained_ones():
    module = net()
    plane = random_plane(module, 0)
    for direction in (plane.first, plane.second):
        assert set(direction) == {"0.weight", "4.weight"}
        for name, one in direction.items():
            own = module.get_parameter(name).detach().flatten(1).norm(dim=1)
            torch.testing.assert_close(one.flatten(1).norm(dim=1), own)
    assert not torch.equal(plane.first["4.weight"], plane.second["4.weight"])
    assert set(random_plane(module, 0, biases=True).first) == {name for name, _ in module.named_parameters()}
    again = random_plane(module, 0)
    assert torch.equal(again.first["0.weight"], plane.first["0.weight"])
    with pytest.raises(ModelError, match="--biases"):
        random_plane(nn.BatchNorm1d(3), 0)


def test_a_trajectory_in_a_plane_is_drawn_whole():
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(2, 5))
    module = Weight([0.0] * 5)
    places = [(3.0, 0.0), (2.0, 1.0), (1.0, 0.5), (0.0, 0.0)]
    states = [{"w": torch.from_numpy(a * u + b * v)[None]} for a, b in places]
    plane = trajectory_plane(module, states)
    assert sum(plane.explained) == pytest.approx(1)
    for (x, y), state in zip(plane.path, states, strict=True):
        back = x * plane.first["w"] + y * plane.second["w"]
        torch.testing.assert_close(back, state["w"], atol=1e-5, rtol=1e-5)
    assert plane.path[-1] == pytest.approx([0, 0], abs=1e-9)
    for one in (plane.first["w"], plane.second["w"]):
        assert float(one.norm()) == pytest.approx(1, abs=1e-5)
    with pytest.raises(InputError, match="on one line"):
        trajectory_plane(module, [{"w": torch.from_numpy(k * u)[None]} for k in (1.0, 2.0)])
    with pytest.raises(InputError, match="at least two"):
        trajectory_plane(module, states[-1:])


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_the_module_is_as_before_also_after_an_exception(train, fails):
    module = net().train()
    module[2].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    modes = [one.training for one in module.modules()]
    state = torch.get_rng_state()
    calls = []

    def loss(module):
        calls.append(module.training)
        torch.rand(3)
        if fails and len(calls) > 2:
            raise ValueError("no")
        return images_loss(module)

    surface = Surface(module, loss, random_plane(module, 0), train=train, seed=0)
    if fails:
        with pytest.raises(ValueError, match="no"):
            fill_surface(surface, axis_of(3, -1, 1), axis_of(3, -1, 1))
    else:
        fill_surface(surface, axis_of(3, -1, 1), axis_of(3, -1, 1))
    assert set(calls) == {train}
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert [one.training for one in module.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)


def test_the_middle_is_the_loss_to_the_bit_and_dropout_is_the_same_everywhere():
    module = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(16, 2))
    surface = Surface(module, images_loss, random_plane(module, 0), train=True, seed=3)
    xs = axis_of(3, -1, 1)
    losses = fill_surface(surface, xs, xs)
    assert losses[1, 1] == surface.check()
    torch.manual_seed(3)
    assert losses[1, 1] == float(images_loss(module.train()).detach())


def test_a_loss_that_draws_anew_is_refused():
    rng = np.random.default_rng(0)
    surface = Surface(net(), lambda _: rng.random(), Plane({}, {}, "random", 0.0), train=False, seed=0)
    with pytest.raises(InputError, match="fixed batch"):
        surface.check()


@pytest.mark.parametrize("made", [torch.zeros(3), None, "loss"])
def test_a_loss_that_is_no_number_is_refused(made):
    surface = Surface(net(), lambda _: made, Plane({}, {}, "random", 0.0), train=False, seed=0)
    with pytest.raises(ModelError, match="one number"):
        surface.at(0, 0)


def test_axes_hold_zero_exactly():
    for count, low, high in ((3, -1, 1), (25, -0.3, 0.7), (7, -1e-3, 5)):
        axis = axis_of(count, low, high)
        assert len(axis) == count
        assert 0.0 in axis
        assert (axis[0], axis[-1]) == (low, high)
        assert (np.diff(axis) > 0).all()
    for count, low, high in ((4, -1, 1), (1, -1, 1), (5, 0, 1)):
        with pytest.raises(InputError):
            axis_of(count, low, high)


def test_a_killed_landscape_goes_on(tmp_path):
    module, axis = net(), axis_of(5, -1, 1)
    calls = []

    def loss(module):
        calls.append(1)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return images_loss(module)

    def surface(loss, seed=0):
        return Surface(module, loss, random_plane(module, seed), train=False, seed=0)

    whole = fill_surface(surface(images_loss), axis, axis)
    with pytest.raises(KeyboardInterrupt):
        fill_surface(surface(loss), axis, axis, folder=tmp_path)
    cells = tmp_path / CELLS
    assert len(cells.read_text().splitlines()) == 9
    # A kill within the writing of a line.
    cells.write_text(cells.read_text() + "[4, 1, 0.3")
    told = []
    again = fill_surface(surface(loss), axis, axis, folder=tmp_path, tell=lambda *now: told.append(now))
    np.testing.assert_array_equal(again, whole)
    assert told[-1] == (25, 25)
    # Each run asks for the middle once more, to know the loss again.
    assert len(calls) == 10 + 1 + 25 - 8
    assert all(json.loads(line) for line in cells.read_text().splitlines())
    with pytest.raises(ExistsError, match="--overwrite"):
        fill_surface(surface(images_loss, seed=1), axis, axis, folder=tmp_path)
    fill_surface(surface(images_loss, seed=1), axis, axis, folder=tmp_path, overwrite=True)


def test_cells_that_are_no_number_stay_so():
    module = Weight([1.0, 2.0])
    surface = Surface(module, lambda one: one.w.sum().log(), random_plane(module, 0), train=False, seed=0)
    axis = axis_of(5, -9, 9)
    assert np.isnan(fill_surface(surface, axis, axis)).any()
