"""The plain JSON routes of the served product: every verb, every refusal, what stays on record."""

import base64
import io
import json

import httpx
import numpy as np
import pytest

from tests.helpers.programs import Program, token_command

pytestmark = pytest.mark.slow


def test_predict_a_stored_case_and_the_same_image_given(robot, image):
    stored = robot.post("predict", workspace="tiny", case="t001").json()
    given = robot.post("predict", workspace="tiny", inputs={"image": base64.b64encode(image).decode()}).json()
    assert (stored["case"], given["case"], stored["version"]) == ("t001", None, "v1")
    assert stored["targets"] == given["targets"]
    answer = stored["targets"]["side"]
    assert set(answer) == {"probabilities", "set", "defers", "reason"}
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_explain_has_numbers_for_every_kind_of_field(robot):
    asked = {"workspace": "mixed", "case": "m003", "target": "tone"}
    answer = robot.post("explain", **asked).json()
    assert set(answer) == {"case", "version", "method", "target", "label", "completeness_error", "attributions"}
    head, _, data = answer["attributions"]["image"].partition(",")
    assert head == "data:application/x-npy;base64"
    assert np.load(io.BytesIO(base64.b64decode(data)), allow_pickle=False).shape == (12, 12)
    assert isinstance(answer["attributions"]["age"], float)
    assert all(len(span) == 3 for span in answer["attributions"]["note"])
    other = robot.post("explain", **asked, label="calm", method="occlusion").json()
    assert (other["label"], other["method"]) == ("calm", "occlusion")


def test_next_case_gives_inputs_and_labels_and_nothing_of_the_model(robot):
    first = robot.post("next_case", workspace="mixed").json()
    assert set(first) == {"workspace", "case", "waiting", "why", "fields", "targets"}
    assert first["targets"] == {"side": ["above", "below"], "tone": ["calm", "loud"]}
    assert first["fields"]["image"]["value"].startswith("data:image/")
    assert not {"probabilities", "version", "set"} & set(json.dumps(first).replace('"', " ").split())
    second = robot.post("next_case", workspace="mixed", after=first["case"]).json()
    assert second["case"] != first["case"]


def test_a_verdict_is_on_record_once_with_what_to_ignore(robot):
    case = robot.post("next_case", workspace="mixed").json()
    span = case["fields"]["note"]["value"]
    asked = {
        "workspace": "mixed",
        "case": case["case"],
        "label": "calm",
        "target": "tone",
        "confidence": "likely",
        "comment": "heard it",
        "ignore": {"age": True, "note": [[0, 2]]} if span else {"age": True},
        "artefact": "age",
        "idempotency_key": "one",
    }
    first, again = robot.post("record_verdict", **asked), robot.post("record_verdict", **asked)
    assert first.status_code == again.status_code == 200, first.text
    assert first.json()["verdict"] == again.json()["verdict"]
    named = robot.post("record_verdict", **asked | {"ignore": ["age"], "idempotency_key": "two"})
    assert named.json()["verdict"] > first.json()["verdict"]
    rows = [row for row in _audit(robot) if row["kind"] == "verdict" and row["subject"]["case"] == case["case"]]
    assert [row["actor_id"] for row in rows] == ["service:robot"] * 2


def _audit(robot):
    from tests.helpers.tiny_product import open_home

    container = open_home(robot.served.home)
    try:
        return [json.loads(line) for line in container.audit.export_text().splitlines()]
    finally:
        container.close()


def test_status_is_the_state_of_all_workspaces(robot):
    found = robot.post("status").json()["workspaces"]
    assert set(found) == {"tiny", "mixed"}
    assert set(found["mixed"]["metrics"]) == {"side", "tone"}
    assert found["tiny"]["cases"] == 240


@pytest.mark.parametrize(
    ("name", "arguments", "status", "words"),
    [
        ("predict", {"workspace": "nope", "case": "t000"}, 404, "no workspace 'nope'"),
        ("predict", {"workspace": "tiny", "case": "nope"}, 404, "no case 'nope'"),
        ("predict", {"workspace": "tiny"}, 400, "either case"),
        ("predict", {"workspace": "tiny", "case": "t000", "inputs": {}}, 400, "either case"),
        ("predict", {"workspace": 5, "case": "t000"}, 422, "workspace"),
        ("predict", {"case": "t000"}, 422, "workspace"),
        ("predict", {"workspace": "tiny", "case": "t000", "colour": 1}, 422, "colour"),
        ("predict", {"workspace": "tiny", "inputs": [1]}, 422, "inputs"),
        ("predict", {"workspace": "mixed", "inputs": {"age": 999}}, 400, "out of range"),
        ("predict", {"workspace": "mixed", "inputs": {"colour": "pink"}}, 400, "no category"),
        ("predict", {"workspace": "mixed", "inputs": {"note": "x" * 200_000}}, 400, "200,000"),
        ("predict", {"workspace": "tiny", "inputs": {"image": "aGVsbG8="}}, 400, "no image"),
        ("explain", {"workspace": "mixed", "case": "m003"}, 400, "several targets"),
        ("explain", {"workspace": "tiny", "case": "t000", "method": "magic"}, 404, "magic"),
        ("next_case", {"workspace": "nope"}, 404, "nope"),
        ("record_verdict", {"workspace": "tiny", "case": "t000", "label": "sideways"}, 400, "no label"),
        ("record_verdict", {"workspace": "mixed", "case": "m003", "label": "calm"}, 400, "several targets"),
        ("record_verdict", {"workspace": "tiny", "case": "t000", "label": "above", "confidence": "sure"}, 422, "conf"),
        ("record_verdict", {"workspace": "tiny", "case": "t000", "label": "above", "ignore": {"x": True}}, 400, "'x'"),
        ("record_verdict", {"workspace": "tiny", "case": "t000", "label": "above", "ignore": {"image": 1}}, 400, "64"),
        ("record_verdict", {"workspace": "tiny", "case": "t000", "label": "above", "ignore": ["x"]}, 404, "'x'"),
    ],
)  # fmt: skip
def test_a_refusal_has_its_status_and_a_sentence(robot, name, arguments, status, words):
    answer = robot.post(name, **arguments)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
    assert words in answer.json()["error"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"workspace": NaN}'])
def test_a_body_that_is_no_request_gets_422(robot, body):
    answer = httpx.post(f"{robot.url}/api/predict", content=body, headers=robot.headers)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}


def test_too_large_a_body_gets_413(robot):
    answer = httpx.post(f"{robot.url}/api/predict", content=b"x" * (33 * 2**20), headers=robot.headers, timeout=60)
    assert answer.status_code == 413


def test_the_routes_are_described(robot):
    found = httpx.get(f"{robot.url}/api/openapi.json", headers=robot.headers).json()
    names = ("predict", "explain", "next_case", "record_verdict", "status")
    assert set(found["paths"]) == {f"/api/{name}" for name in names}
    assert all("401" in path["post"]["responses"] for path in found["paths"].values())


def test_a_revoked_token_stops_at_once(robot):
    made = token_command(robot.served.home, "create", "short-lived")["secret"]
    short = Program(robot.served, made)
    assert short.post("status").status_code == 200
    token_command(robot.served.home, "revoke", "short-lived")
    assert short.post("status").status_code == 401


def test_no_token_is_in_the_log_or_the_home(robot):
    robot.post("status")
    files = [robot.served.log, *(path for path in robot.served.home.rglob("*") if path.is_file())]
    assert not [path for path in files if robot.token.encode() in path.read_bytes()]
