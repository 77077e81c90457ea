"""Tables out of CSV as people have it."""

import gzip

import pytest

from rookery.cost.refusal import Refusal
from rookery.cost.traffic import read

TIMES = [f"2026-03-02T00:0{minute}:00Z" for minute in range(3)]


@pytest.fixture
def reads(tmp_path):
    """Reads bytes as a file."""

    def of(content):
        path = tmp_path / "traffic"
        path.write_bytes(content)
        return read(str(path))

    return of


def table(delimiter=",", heading="time,rps", decimal="."):
    """Three rows."""
    lines = [heading, *(f"{time},{n}#5" for n, time in enumerate(TIMES))]
    return "\n".join(lines).replace(",", delimiter).replace("#", decimal)


@pytest.mark.parametrize(
    "content",
    [
        table().encode(),
        table(";").encode(),
        table(";", decimal=",").encode(),
        table("\t").encode(),
        table("|").encode(),
        ("sep=;\n" + table(";")).encode(),
        ("sep=,\r\n" + table().replace("\n", "\r\n")).encode(),
        table().replace("\n", "\r\n").encode() + b"\r\n",
        b"\xef\xbb\xbf" + table().encode(),
        table().encode("utf-16"),
        table(heading="zeit,rps für alle").encode("cp1252"),
        gzip.compress(table().encode()),
        table(heading="Report of March\n\ntime,rps").encode(),
        table(heading="Label,rps\nStatistic,Average\nPeriod,60").encode(),
        table().replace("\n", '"\n"').replace(",", '","').join('""').encode(),
        (table() + "\n\n,\n").encode(),
    ],
    ids=range(16),
)
def test_recognised(reads, content):
    """Each of these is the same table."""
    assert [0.5, 1.5, 2.5] == reads(content).rates_rps.tolist()


def test_no_heading(reads):
    """Columns without names are numbered, and fractions are rates."""
    traffic = reads(table().partition("\n")[2].encode())

    assert "'column 2'" in traffic.note


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b" \n ", "is empty"),
        (b"PK\x03\x04...", "a zip archive or a spreadsheet"),
        (b"PAR1...", "Parquet"),
        (
            (table() + "\n2026-03-02T00:03:00Z,1,2").encode(),
            "line 5: 3 cells where the others have 2",
        ),
        ((table() + "\n\n2026-03-02T00:03:00Z").encode(), "line 6: 1 cells"),
        ((table() + "\n2026-03-02T00:03:00Z,lots").encode(), "line 5: 'lots' is not a number"),
        ((table() + "\n\nsoon,1").encode(), "line 6: 'soon' is not a time"),
        (b"when,rps\nMonday,1\nTuesday,2", "line 2 is 'Monday,1': name the format"),
        (gzip.compress(table().encode())[:40], "cannot be read"),
        (gzip.compress(table().encode() * 9)[:-4], "cannot be read"),
    ],
)
def test_refused(reads, content, sentence):
    """One sentence, with the line."""
    with pytest.raises(Refusal) as refusal:
        reads(content)

    assert sentence in str(refusal.value)


def test_no_file(tmp_path):
    """Neither a name that is none nor a folder is a file."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(Refusal, match="cannot be read"):
            read(str(path))


def test_bad_row_far_below(reads):
    """A line is named although a block ended before it."""
    lines = [f"{1_772_409_600 + second},{'1' * 20}.5" for second in range(60_000)]

    with pytest.raises(Refusal, match="line 60002: 1 cells"):
        reads("\n".join(["time,rps", *lines, "end"]).encode())


def test_blank_block(reads):
    """Blank lines count as lines, however many."""
    content = table() + "\n," * 1_100_000 + "\n2026-03-02T00:03:00Z,-1"

    with pytest.raises(Refusal, match="line 1100005: '-1'"):
        reads(content.encode())
