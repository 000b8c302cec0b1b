"""Proofs in gate reports: they come back whole, and reports of before there were any still load."""

from dataclasses import asdict, replace

from sqlalchemy import text

from core.contracts import ArtefactProof, Estimate, GateReport, PriceLine, Proof, ProofLine
from core.storage import gates, versions
from core.storage.columns import from_json, to_json
from tests.helpers.stored_world import new_version

FIGURE = Estimate(0.5, 0.4, 0.6, 80)
PROOF = Proof(
    "effect",
    "It worked.",
    (
        ArtefactProof(
            "patch", "digit", 4,
            (
                ProofLine("insert", "Put in", FIGURE, FIGURE, FIGURE, FIGURE),
                ProofLine("attribution", "Attribution", FIGURE, FIGURE, None, FIGURE, 0.1),
            ),
            "effect", "It worked.", ("more marks", "smaller marks"),
        ),
    ),
    (PriceLine("accuracy", "Accuracy", FIGURE, FIGURE, None, FIGURE, "higher", True),),
    False,
    "Occlusion",
    2.5,
)  # fmt: skip
REPORT = GateReport("demo", "v2", "v1", "f" * 64, 1, "pass", (), (), 1.5, PROOF)


def test_a_proof_comes_back_whole(world):
    with world.database.write() as tx:
        v2 = versions.add(tx, new_version(world, "v1"))
        gates.add(tx, v2.id, world.version.id, REPORT)
        assert gates.get(tx, v2.id) == REPORT
        assert isinstance(gates.get(tx, v2.id).proof.artefacts[0].next_steps, tuple)


def test_reports_without_a_proof_load(world):
    with world.database.write() as tx:
        v2 = versions.add(tx, new_version(world, "v1"))
        gates.add(tx, v2.id, world.version.id, replace(REPORT, proof=None))
        assert gates.get(tx, v2.id).proof is None
        old = asdict(REPORT)
        del old["proof"]
        tx.execute(
            text(
                "INSERT INTO gate_reports (version_id, champion_id, ledger_hash, verdict, report, created) "
                "SELECT version_id, champion_id, ledger_hash, verdict, :report, created FROM gate_reports"
            ),
            {"report": to_json(old)},
        )
        assert "proof" not in from_json(to_json(old))
        assert gates.get(tx, v2.id) == replace(REPORT, proof=None)
