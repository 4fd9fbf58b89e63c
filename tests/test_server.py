"""The lab over HTTP: what an address holds, that answers are those of the lab, and bad days."""

from __future__ import annotations

import csv
import io
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contraflow._numbers import significant
from contraflow.case.load import data
from contraflow.errors import ConvergenceError, OutputError
from contraflow.lab.quick_answers import QuickAnswers
from contraflow.policy.policy import levers_of
from contraflow.server import address, serving
from contraflow.server.controls import GROUPS, group_of, known_of
from contraflow.server.desk import Kept
from contraflow.text.answer_sentences import tell_first
from lab_server import served, wait_for

POLICY = {"radar": 2.0, "interceptors": 4.0}
QUERY = "radar=2&interceptors=4"


@pytest.fixture(scope="module")
def lab(example_laplace):
    return example_laplace


@pytest.fixture(scope="module")
def site(lab):
    with served("example", lambda _case, _say: lab) as found:
        yield found


@pytest.fixture(scope="module")
def known(lab):
    return known_of(lab)


def fetch(site, path="", query="", **headers):
    return httpx.get(f"{site[0]}{path}?{query}", headers=headers, timeout=60)


# -- addresses


@settings(deadline=None)
@given(st.data())
def test_an_address_holds_a_state_whole(known, data):
    levers = known.levers

    def policy():
        chosen = data.draw(st.lists(st.sampled_from(sorted(levers)), unique=True, max_size=4))
        return {
            name: level
            for name in levers
            if name in chosen
            for level in [data.draw(st.floats(levers[name].least, levers[name].most))]
            if level
            not in (known.today[name], address.snapped(known.today[name], levers[name], known.steps[name]))
        }

    sides = {g: data.draw(st.sampled_from(s)) for g, s in known.sides.items() if data.draw(st.booleans())}
    asked = address.Asked(
        policy=policy(),
        against=policy(),
        believes=sides,
        view=data.draw(st.sampled_from(address.VIEWS)),
        tour=data.draw(st.integers(0, 5)),
    )
    pairs = parse_qsl(address.write(asked, known).removeprefix("?"), keep_blank_values=True)
    assert address.read(pairs, known) == asked


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("rader=1", "Perhaps “radar” was meant"),
        ("radar=99", "it stands at"),
        ("radar=-1", "it stands at"),
        ("radar=many", "“many” is no level"),
        ("radar=nan", "no level"),
        ("radar=inf", "it stands at"),
        ("v=0.0.9-12345678", "another version"),
        ("vs=radar", "no policy to compare with"),
        ("vs=rader%3D1", "Perhaps “radar” was meant"),
        ("believe.nothing=x", "no side"),
        ("x=1&y=2", "no lever “x”"),
    ],
)
def test_what_an_address_cannot_ask_is_told_and_the_rest_is_answered(site, query, said):
    answered = fetch(site, query=f"{query}&interceptors=4")
    assert answered.status_code == 200
    assert said in answered.text
    assert 'id="sentence"' in answered.text


def test_a_control_that_cannot_show_todays_level_leaves_it_alone(known, lab):
    name = next(iter(known.levers))
    lever, step = known.levers[name], 0.7
    odd = address.Known(
        levers=known.levers,
        today={**known.today, name: lever.least + 0.4},
        steps={**known.steps, name: step},
        sides={},
        fingerprint=known.fingerprint,
    )
    shown = address.snapped(odd.today[name], lever, step)
    assert shown != odd.today[name]
    assert address.read([(name, str(shown))], odd).policy == {}
    assert address.read([(name, str(lever.least + 1.4))], odd).policy == {name: lever.least + 1.4}


def test_every_lever_has_a_group(lab):
    groups = group_of(lab.responder.levers)
    assert set(groups) == set(levers_of(lab.case))
    assert set(groups.values()) <= {group for group, _title in GROUPS}
    assert groups["radar"] == groups["interceptors"] == groups["strip-demolition"] == "air"
    assert groups["road-checkpoints"] == "land"


# -- answers are those of the lab


def test_figures_of_the_page_are_those_of_the_lab(site, lab):
    rows = csv.DictReader(io.StringIO(fetch(site, "/figure/figures.csv", QUERY).text.split("\n\n")[0]))
    truth = lab.respond(POLICY).compare(lab.baseline()).summary()
    shown = {row["figure"]: row for row in rows}
    labels = {"Exports": "exports", "Exports by air": "exports by air"}
    for label, figure in labels.items():
        for column in ("before", "after", "change", "after_5", "after_95", "change_5", "change_95"):
            assert float(shown[label][column]) == pytest.approx(float(truth.loc[figure, column]), rel=1e-12)
    page = fetch(site, query=QUERY).text
    before, after = (significant(float(truth.loc["exports", side])) for side in ("before", "after"))
    assert f"{before} → {after}" in page


def test_a_comparison_is_draw_by_draw(site, lab):
    query = "radar=1&interceptors=6&vs=radar%3D2%3Binterceptors%3D4"
    rows = csv.DictReader(io.StringIO(fetch(site, "/figure/figures.csv", query).text.split("\n\n")[0]))
    change = lab.respond({"radar": 1.0, "interceptors": 6.0}).compare(lab.respond(POLICY)).summary()
    row = next(row for row in rows if row["figure"] == "Exports")
    assert float(row["other policy"]) == pytest.approx(float(change.loc["exports", "before"]), rel=1e-12)
    for end in ("", "_5", "_95"):
        column = f"change from the other policy{end}"
        assert float(row[column]) == pytest.approx(float(change.loc["exports", f"change{end}"]), rel=1e-9)


def test_a_preview_says_what_the_answer_will(site):
    told = fetch(site, "/preview", QUERY).json()
    assert told["sentence"] == tell_first(
        site[1].standing.desk.typical.data,
        site[1].standing.desk.quick.lab.respond(POLICY).data,
        site[1].standing.desk.names(),
    )
    assert told["figures"].count("<svg") >= 4
    assert "class=range" in told["figures"]


def test_two_languages_have_the_same_numbers(site):
    english, spanish = (fetch(site, "/answer", f"{QUERY}&lang={code}").text for code in ("en", "es"))
    assert "Keep as A" in english
    assert "Keep as A" not in spanish
    numbers = [
        [re.sub("[.,\u202f\xa0 ]", "", found) for found in re.findall(r"[\d.,]+ → [\d.,]+", text)]
        for text in (english, spanish)
    ]
    assert len(numbers[0]) >= 4
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize(
    "panel", ["map", "moves", "earns", "time", "rests", "livelihoods", "goods", "supplies"]
)
def test_every_panel_answers(site, panel):
    part = fetch(
        site, f"/panel/{panel}", QUERY, **{"Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"}
    )
    assert part.status_code == 200
    assert "<html" not in part.text
    whole = fetch(site, f"/panel/{panel}", QUERY, **{"Sec-Fetch-Dest": "document"})
    assert "<html" in whole.text
    assert not re.search(r"\b(nan|inf|None)\b", re.sub(r"<[^>]+>", " ", part.text))


@pytest.mark.parametrize(
    ("ending", "kind"), [("svg", "image/svg+xml"), ("csv", "text/csv"), ("html", "text/plain")]
)
@pytest.mark.parametrize("figure", ["figures", "map-map", "moves-mode", "earns-near", "time-path"])
def test_a_figure_is_taken_away_with_its_source(site, figure, ending, kind):
    found = fetch(site, f"/figure/{figure}.{ending}", QUERY)
    assert found.status_code == 200
    assert found.headers["content-type"].startswith(kind)
    assert "attachment" in found.headers["content-disposition"]
    assert "Contraflow" in found.text
    assert "Interceptors that may shoot: 4" in found.text
    assert "url(" not in found.text
    assert 'href="http' not in found.text


def test_python_and_terminal_lines_give_the_answer(site, lab):
    text = fetch(site, "/answer", QUERY).text
    assert "lab.respond({&#39;radar&#39;: 2.0, &#39;interceptors&#39;: 4.0})" in text
    assert "contraflow respond example -m radar=2 -m interceptors=4" in text


# -- strangers


def test_every_response_has_a_strict_policy(site):
    for path in ("", "/preview", "/answer", "/panel/map", "/figure/figures.svg", "/status", "/nothing"):
        found = fetch(site, path, QUERY)
        policy = found.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe-inline" not in policy.replace("style-src-attr 'unsafe-inline'", "")
        assert found.headers["x-content-type-options"] == "nosniff"


def test_other_sites_and_names_are_refused(site):
    assert fetch(site, Host="evil.example").status_code == 400
    assert (
        fetch(
            site, "/answer", QUERY, **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
        ).status_code
        == 403
    )
    assert (
        fetch(site, "", "", **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status_code
        == 200
    )
    assert httpx.post(site[0], timeout=30).status_code == 405


def test_it_listens_on_this_machine_only(site):
    port = int(site[0].rsplit(":", 1)[1].partition("/")[0])
    own = socket.gethostbyname(socket.gethostname())
    if own.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(ConnectionError):
        socket.create_connection((own, port), timeout=1).close()


def test_twenty_at_once_each_get_their_own(site, lab):
    def ask(number):
        levels = {"radar": 2 + number % 3, "interceptors": 1 + number % 4}
        code = ("en", "es")[number % 2]
        query = "&".join(f"{k}={v}" for k, v in levels.items()) + f"&lang={code}"
        return levels, code, fetch(site, "/figure/figures.csv", query), fetch(site, "/preview", query)

    with ThreadPoolExecutor(20) as crowd:
        found = list(crowd.map(ask, range(20)))
    truths = {}
    for levels, code, table, told in found:
        assert table.status_code == told.status_code == 200
        key = tuple(levels.items())
        if key not in truths:
            truths[key] = lab.respond(levels).compare(lab.baseline()).summary()
        row = next(csv.DictReader(io.StringIO(table.text)))
        assert float(row["after"]) == pytest.approx(float(truths[key].loc["exports", "after"]), rel=1e-12)
        assert ("Política" in table.text) == (code == "es")


# -- bad days


def test_while_the_case_is_fitted_the_page_says_so_and_then_opens(lab):
    go = threading.Event()

    def calibrate(_case, say):
        say("Calibrating: start 1", 0.25)
        assert go.wait(60)
        return lab

    with served("example", calibrate, opened=False) as site:
        wait_for(lambda: site[1].opening.part == 0.25)
        page = fetch(site, query=QUERY)
        assert page.status_code == 200
        assert "Calibrating: start 1" in page.text
        assert "<progress" in page.text
        assert fetch(site, "/answer", QUERY).status_code == 202
        assert fetch(site, "/status").json()["part"] == 0.25
        go.set()
        wait_for(lambda: site[1].opening.done)
        assert 'id="sentence"' in fetch(site, query=QUERY).text


@pytest.mark.parametrize(
    "error", [ConvergenceError("No fit was found."), ZeroDivisionError("division by zero")]
)
def test_a_fit_that_fails_is_told(error, capsys):
    def calibrate(_case, _say):
        raise error

    with served("example", calibrate, opened=False) as site:
        wait_for(lambda: bool(site[1].opening.error))
        page = fetch(site)
        assert page.status_code == 500
        assert (
            "No fit was found." if isinstance(error, ConvergenceError) else "ZeroDivisionError"
        ) in page.text
        assert "Traceback" not in page.text


def test_a_policy_without_an_equilibrium_gets_a_sentence(lab, monkeypatch):
    def refusing(own):
        def answer(self, policy, *args, **named):
            if policy.get("radar") == 3:
                raise ConvergenceError("No equilibrium was found for it. Try a lower level.")
            return own(self, policy, *args, **named)

        return answer

    monkeypatch.setattr(type(lab), "respond", refusing(type(lab).respond))
    monkeypatch.setattr(QuickAnswers, "answer", refusing(QuickAnswers.answer))
    with served("example", lambda _case, _say: lab) as site:
        for path in ("", "/answer", "/panel/moves"):
            found = fetch(site, path, "radar=3")
            assert found.status_code == 200
            assert "Try a lower level." in found.text
        assert "Try a lower level." in fetch(site, "/preview", "radar=3").json()["sentence"]
        assert fetch(site, "/figure/figures.svg", "radar=3").status_code == 422
        assert 'id="sentence"' in fetch(site, query="radar=2").text


def test_a_program_error_is_a_sentence_and_others_are_answered(lab, monkeypatch):
    from contraflow.server.lab_pages import LabPages

    def broken(self, seen):
        raise RuntimeError("a bug")

    monkeypatch.setattr(LabPages, "questions", broken)
    with served("example", lambda _case, _say: lab) as site:
        found = fetch(site, "/questions")
        assert found.status_code == 500
        assert "RuntimeError" in found.text
        assert "Traceback" not in found.text
        assert fetch(site, "/answer", QUERY).status_code == 200


def test_a_page_names_levers_and_claims_in_its_own_language(site, lab):
    page = fetch(site, query="radar=many&lang=es").text
    assert "«many» no es un nivel de «Cobertura de radar»" in page
    panel = fetch(site, "/panel/rests", f"{QUERY}&lang=es").text
    assert "Cambio de las exportaciones con «Cobertura de radar: " in panel
    assert "Radar" not in panel.replace("Cobertura de radar", "")
    rows = (*lab.case.claims.values(), *lab.case.parameters.values())
    english = {getattr(row, "statement", None) or row.meaning for row in rows}
    assert [text for text in english if len(text) > 20 and text in panel] == []
    earners = fetch(site, "/panel/earns", f"{QUERY}&lang=es").text
    assert "Compradores extranjeros" in earners
    assert [actor.name for actor in lab.case.actors.values() if actor.name in earners] == []


def test_a_case_that_is_edited_is_told_and_fitted_again(tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(data() / "example", folder)
    fitted = []

    def calibrate(case, _say):
        fitted.append(case.fingerprint)
        return case.central_values()

    with served(folder, calibrate) as site:
        before = fetch(site, "/status").json()["stamp"]
        file = folder / "parameters.csv"
        whole = file.read_text(encoding="utf-8")
        file.write_text(whole.replace("\n", "\nbroken,", 1), encoding="utf-8")
        wait_for(lambda: "parameters.csv" in fetch(site, "/status").json()["news"])
        assert fetch(site, "/status").json()["stamp"] == before
        assert 'id="sentence"' in fetch(site, query=QUERY).text
        rows = whole.splitlines()
        number = next(i for i, row in enumerate(rows) if row.startswith("unit-cost-radar,"))
        cells = rows[number].split(",")
        cells[1:4] = ["5", "5", "5"]
        file.write_text(
            "\n".join([*rows[:number], ",".join(cells), *rows[number + 1 :]]) + "\n", encoding="utf-8"
        )
        wait_for(lambda: fetch(site, "/status").json()["stamp"] not in ("", before))
        assert fetch(site, "/status").json()["news"] == ""
        assert len(set(fitted)) == 2


def test_hostile_texts_of_a_case_stay_text(tmp_path):
    folder = tmp_path / "hostile"
    shutil.copytree(data() / "example", folder)
    hostile = "<script>alert(1)</script>&\"'<img src=x onerror=alert(2)>"
    file = folder / "case.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^title = .*$", f"title = '''{hostile}'''", text), encoding="utf-8")
    measures = folder / "measures.csv"
    with measures.open(encoding="utf-8") as source:
        rows = list(csv.reader(source))
    for row in rows[1:]:
        row[1] = hostile
    with measures.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    with served(folder, lambda case, _say: case.central_values()) as site:
        for path in (
            "",
            "/answer",
            "/panel/map",
            "/figure/figures.svg",
            "/figure/figures.html",
            "/questions",
        ):
            found = fetch(site, path, QUERY).text
            assert "<script>alert" not in found
            assert "<img src=x" not in found


def test_a_port_in_use_is_told_and_a_free_one_is_found(site):
    port = int(site[0].rsplit(":", 1)[1].partition("/")[0])
    with pytest.raises(OutputError, match=f"A lab is there already: open http://127.0.0.1:{port}/"):
        serving.listen(port)
    with socket.socket() as other:
        other.bind((serving.HOST, 0))
        other.listen()
        with pytest.raises(OutputError, match="cannot be used"):
            serving.listen(other.getsockname()[1])
    first = serving.listen(None)
    second = serving.listen(None)
    try:
        assert first.getsockname()[1] != second.getsockname()[1]
    finally:
        first.close()
        second.close()


def test_who_has_gone_is_not_computed_for(site, lab, monkeypatch):
    from contraflow.server.lab_pages import LabPages

    begun, go, asked = threading.Event(), threading.Event(), []
    answer = LabPages.answer

    def slow(self, seen):
        asked.append(dict(seen.asked.policy))
        begun.set()
        assert go.wait(30)
        return answer(self, seen)

    monkeypatch.setattr(LabPages, "answer", slow)
    host, _sep, path = site[0].removeprefix("http://").partition("/")
    first = HTTPConnection(host, timeout=30)
    first.request("GET", f"/{path}/answer?radar=1.5")
    assert begun.wait(30)
    gone = HTTPConnection(host, timeout=30)
    gone.request("GET", f"/{path}/answer?radar=2.5")
    last = HTTPConnection(host, timeout=30)
    gone.close()
    last.request("GET", f"/{path}/answer?radar=3.5")
    import time

    time.sleep(0.5)
    go.set()
    for connection in (last, first):
        with closing(connection), connection.getresponse() as answered:
            assert answered.status == 200
    assert [levels["radar"] for levels in asked] == [1.5, 3.5]


def test_what_is_kept_is_made_once_and_bounded():
    made, kept = [], Kept(2)

    def make(value):
        made.append(value)
        return value

    with ThreadPoolExecutor(8) as crowd:
        assert set(crowd.map(lambda _n: kept.get("a", lambda: make(1)), range(8))) == {1}
    assert made == [1]
    kept.get("b", lambda: make(2))
    kept.get("c", lambda: make(3))
    assert kept.get("c", lambda: 0) == 3
    assert kept.get("a", lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        kept.get("d", lambda: 1 // 0)
    assert kept.get("d", lambda: 4) == 4


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_says_where_and_ends_cleanly(how):
    command = [sys.executable, "-m", "contraflow", "serve", "example", "--no-open", "--method", "best"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        line = program.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/example", line)
        assert address is not None
        wait_for(lambda: httpx.get(f"{address[0]}/status", timeout=30).json()["done"])
        assert 'id="sentence"' in httpx.get(address[0], timeout=60).text
        program.send_signal(how)
        out, err = program.communicate(timeout=30)
    assert program.returncode == 0
    assert "Traceback" not in err
    assert "The lab is closed." in out
