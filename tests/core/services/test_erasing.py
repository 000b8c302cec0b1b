"""Nothing of an erased text is left in any file of the home, while another process has the database open."""

from core.storage.database import open_database
from tests.helpers.tiny_mixed import write_mixed_folder
from tests.helpers.tiny_product import open_home

WORD = "zanzibar"


def _files_with(home, word):
    return {path.name for path in home.rglob("*") if path.is_file() and word.encode() in path.read_bytes()}


def test_an_erased_text_is_in_no_file_of_the_home(tmp_path):
    toml = write_mixed_folder(tmp_path / "data")
    table = toml.parent / "cases.csv"
    table.write_text(table.read_text().replace("in house 1.", f"in {WORD}."))
    product = open_home(tmp_path / "home")
    other = open_database(product.settings)
    try:
        product.importing.import_folder(toml, toml.parent, actor=product.default_actor)
        with other.read() as tx:
            tx.exec_driver_sql("select count(*) from cases").scalar()
        assert _files_with(tmp_path / "home", WORD)
        product.maintenance.erase("mixed", "m001", "consent withdrawn", actor=product.default_actor)
        assert _files_with(tmp_path / "home", WORD) == set()
    finally:
        other.close()
        product.close()


def test_no_hash_is_left_from_which_a_few_values_could_be_guessed(tmp_path):
    toml = write_mixed_folder(tmp_path / "data")
    product = open_home(tmp_path / "home")
    hashes = "select content_hash from cases where name in ('m001', 'm002') order by name"
    try:
        product.importing.import_folder(toml, toml.parent, actor=product.default_actor)
        product.maintenance.erase("mixed", "m001", "consent withdrawn", actor=product.default_actor)
        with product.runtime.database.read() as tx:
            erased, other = tx.exec_driver_sql(hashes).scalars()
        assert (erased, len(other)) == ("erased", 64)
        again = product.importing.import_folder(toml, toml.parent, actor=product.default_actor)
        assert (again.added, again.conflicts) == (0, ("m001",))
    finally:
        product.close()
