"""Pictures of groups: hollow where there are few cases, a dash at each limit, user text as text."""

from fake_fairness import about, attributes

from core.contracts import GroupRate, GroupRow
from pages._ui.fairness_plots import RATE_TITLES, gap_plot, rate_plot


def test_each_rate_has_its_panel_and_few_cases_are_hollow():
    groups = attributes()[0].groups
    figure = rate_plot(groups)
    assert [note.text for note in figure.layout.annotations] == list(RATE_TITLES.values())
    hollow = [trace for trace in figure.data if trace.marker.symbol == "circle-open"]
    assert {trace.y for trace in hollow} == {(2,)}
    assert len(hollow) == len(RATE_TITLES) - 1  # one rate of the small group has no figure
    assert all("compared with nothing" in trace.customdata[0] for trace in hollow)
    assert "&lt;b&gt;" in figure.layout.yaxis.ticktext[2]
    full = next(trace for trace in figure.data if trace.marker.symbol == "circle")
    assert full.x == tuple(row.rates[0].estimate.value for row in groups[:2])
    assert len(full.error_x.array) == 2


def test_panels_keep_their_distance_however_many_groups_there_are():
    rates = tuple(GroupRate(name, about(0.5), False) for name in RATE_TITLES)
    for count in (1, 3, 12):
        figure = rate_plot([GroupRow(f"g{n}", 40, 20, False, rates) for n in range(count)])
        below, above = figure.layout.yaxis4.domain, figure.layout.yaxis.domain
        inner = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
        assert (above[0] - below[1]) * inner > 44  # ticks of one row and title of the next


def test_limits_are_dashed_and_a_gap_over_its_limit_is_crossed():
    gaps = attributes()[0].gaps
    figure = gap_plot(gaps)
    (limit,) = figure.layout.shapes
    assert (limit.x0, limit.x1, limit.line.dash) == (0.1, 0.1, "dash")
    assert limit.y0 < 1 < limit.y1
    symbols = {trace.marker.symbol: trace.y for trace in figure.data}
    assert symbols == {"circle": (0,), "x": (1,)}
