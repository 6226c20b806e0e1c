"""What other people's parsers read in reports: one JSON object a case, in the order of their names.

    formats.py FOLDER SCHEMA

A case is a folder with report.csv, report.md, report.sarif, report.xml, report.github, report.prom and
report.html; SCHEMA is that of SARIF. Of each format is told what findings it holds, as [rule, severity,
waived, text]; what is no valid document of its format ends the program with the complaint.
"""

import base64
import csv
import hashlib
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import unquote

import html5lib
import jsonschema
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families


def main(folder, schema):
    sarif_schema = json.loads(Path(schema).read_text())
    jsonschema.Draft4Validator.check_schema(sarif_schema)
    validator = jsonschema.Draft4Validator(sarif_schema)
    for case in sorted(path for path in Path(folder).iterdir() if path.is_dir()):
        told = {"case": case.name}
        for name, read in [
            ("csv", of_csv),
            ("md", of_markdown),
            ("sarif", lambda path: of_sarif(path, validator)),
            ("xml", of_junit),
            ("github", of_github),
            ("prom", of_prometheus),
            ("html", of_html),
        ]:
            path = case / f"report.{name}"
            try:
                told[name] = read(path)
            except Exception as error:
                raise SystemExit(f"{path}: {type(error).__name__}: {error}")
        print(json.dumps(told))


def of_csv(path):
    text = path.read_bytes().decode()
    assert all(line.endswith("\r\n") for line in text.splitlines(keepends=True)), "line ends"
    rows = list(csv.DictReader(text.splitlines(), strict=True))
    for row in rows:
        assert None not in row and None not in row.values(), f"not as many cells as heads: {row}"
        for name, cell in row.items():
            assert name == "daysLeft" or cell[:1] not in set("=+-@\t\r"), f"a formula: {cell}"
    findings = [row for row in rows if row["record"] == "finding"]
    assert {row["record"] for row in rows} <= {"certificate", "managed", "finding", "problem", "note"}
    return {
        "findings": [
            [row["rule"], row["severity"], row["waived"] == "true", row["message"]]
            for row in findings
        ],
        "certificates": sum(1 for row in rows if row["record"] == "certificate" and row["index"]),
        "problems": sum(1 for row in rows if row["record"] == "problem"),
        # Without the apostrophe that keeps a name from being a formula.
        "objects": [
            [row[name].removeprefix("'") for name in ["kind", "namespace", "name", "key"]]
            for row in findings
        ],
        "lines": [row["file"] + ":" + row["line"] for row in findings if row["file"]],
    }


MARKUP = {"h2", "h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code"}


def of_markdown(path):
    page = MarkdownIt("commonmark").enable("table").render(path.read_text())
    tree = html5lib.parseFragment(page, namespaceHTMLElements=False)
    heading, findings, problems = None, [], 0
    for element in tree.iter():
        if not isinstance(element.tag, str) or element is tree:
            continue
        assert element.tag in MARKUP, f"markup from outside: {element.tag}"
        assert set(element.attrib) <= {"style"}, f"attributes from outside: {element.attrib}"
        if element.tag != "code":
            for text in [element.text or "", *(child.tail or "" for child in element)]:
                assert not re.search(r"@\w|#\d|://|www\.", text), f"GitHub would link it: {text}"
        if element.tag == "h3":
            heading = "".join(element.itertext())
        if element.tag != "tr" or element.find("td") is None:
            continue
        cells = ["".join(cell.itertext()) for cell in element.findall("td")]
        if heading == "Findings":
            severity, rule, _, text, _ = cells
            waived = severity.endswith(" (waived)")
            findings.append([rule, severity.removesuffix(" (waived)"), waived, text])
        elif heading == "Could not be read":
            problems += 1
    return {"findings": findings, "problems": problems}


def of_sarif(path, validator):
    log = json.loads(path.read_text())
    errors = list(validator.iter_errors(log))
    assert not errors, errors[0]
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    fingerprints = [json.dumps(result["partialFingerprints"]) for result in run["results"]]
    assert len(set(fingerprints)) == len(fingerprints), "two findings have one fingerprint"
    findings, lines, objects = [], [], []
    for result in run["results"]:
        if "ruleIndex" in result:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        severity = {"note": "info"}.get(result["level"], result["level"])
        waived = bool(result["suppressions"])
        findings.append([result["ruleId"], severity, waived, result["properties"]["message"]])
        ref = result["properties"]["ref"]
        objects.append([ref["kind"], ref["namespace"] or "", ref["name"] or "", ref["key"] or ""])
        for place in result["locations"]:
            physical = place.get("physicalLocation")
            if physical:
                file = unquote(physical["artifactLocation"]["uri"])
                lines.append(f"{file}:{physical['region']['startLine']}")
    [invocation] = run["invocations"]
    unread = [one for one in invocation["toolExecutionNotifications"] if one["level"] == "error"]
    return {
        "findings": findings,
        "objects": objects,
        "lines": lines,
        "problems": len(unread),
        "fingerprints": fingerprints,
    }


def of_junit(path):
    lint = subprocess.run(["xmllint", "--noout", path], capture_output=True, text=True)
    assert lint.returncode == 0 and not lint.stderr, lint.stderr
    suites = ElementTree.parse(path).getroot()
    findings, problems, passed, names = [], 0, 0, set()
    for suite in suites:
        cases = suite.findall("testcase")
        counted = {"tests": len(cases), "failures": 0, "errors": 0, "skipped": 0}
        for case in cases:
            name = (suite.get("name"), case.get("classname"), case.get("name"))
            assert name not in names, f"two tests of one name: {name}"
            names.add(name)
            rule = case.get("classname").removeprefix("certwright.")
            failure, skipped = case.find("failure"), case.find("skipped")
            if failure is not None:
                counted["failures"] += 1
                findings.append([rule, failure.get("type"), False, failure.get("message")])
            elif skipped is not None:
                counted["skipped"] += 1
                text = skipped.get("message")
                waived = text.startswith("waived: ")
                severity, text = text.removeprefix("waived: ").split(": ", 1)
                findings.append([rule, severity, waived, text])
            elif case.find("error") is not None:
                counted["errors"] += 1
                problems += 1
            else:
                passed += 1
        assert {key: int(suite.get(key)) for key in counted} == counted, "the counts of a suite"
    for key in ["tests", "failures", "errors", "skipped"]:
        assert int(suites.get(key)) == sum(int(suite.get(key)) for suite in suites), key
    return {"findings": findings, "problems": problems, "passed": passed}


COMMAND = re.compile(r"::(error|warning|notice) ((?:file=([^:,]*),line=(\d+),)?title=([^:,]*))::(.*)")


def of_github(path):
    def plain(text):
        for escaped, character in [("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r")]:
            text = text.replace(escaped, character)
        return text.replace("%25", "%")

    findings, problems, lines = [], 0, []
    for line in path.read_text().splitlines():
        command = COMMAND.fullmatch(line)
        assert command, f"no workflow command: {line}"
        word, _, file, number, title, text = command.groups()
        title = plain(title)
        if title == "could not be read":
            problems += 1
            continue
        if file is not None:
            lines.append(f"{plain(file)}:{number}")
        waived = title.endswith(" (waived)")
        severity = "info" if word == "notice" else word
        findings.append([title.removesuffix(" (waived)"), severity, waived, plain(text)])
    return {"findings": findings, "problems": problems, "lines": lines}


def of_prometheus(path):
    text = path.read_text()
    lint = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert lint.returncode == 0 and not lint.stderr + lint.stdout, lint.stderr + lint.stdout
    counts, waived, series, values = [], [], set(), {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in series, f"two series of one name: {key}"
            series.add(key)
            if sample.name == "certwright_findings" and sample.value:
                counts.append([sample.labels["rule"], sample.labels["severity"], int(sample.value)])
            elif sample.name == "certwright_findings_waived":
                waived.append([sample.labels["rule"], sample.labels["severity"], int(sample.value)])
            elif not sample.labels:
                values[sample.name] = int(sample.value)
    return {
        "counts": sorted(counts),
        "waived": sorted(waived),
        "problems": values["certwright_check_problems"],
        "complete": values["certwright_check_complete"],
        "ends": sorted(f"{name} {dict(labels)}" for name, labels in series if name == "x509_cert_not_after"),
    }


def of_html(path):
    text = path.read_text()
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    head = page.find("head")
    policies = [meta for meta in head.findall("meta") if meta.get("http-equiv")]
    [policy] = [meta.get("content") for meta in policies]
    assert policies[0].get("http-equiv") == "Content-Security-Policy"
    assert "unsafe" not in policy and policy.startswith("default-src 'none';"), policy
    [style] = page.iter("style")
    scripts = list(page.iter("script"))
    [data] = [one for one in scripts if one.get("type") == "application/json"]
    [code] = [one for one in scripts if one.get("type") is None]
    for kind, element in [("script", code), ("style", style)]:
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy, f"the policy refuses the {kind}"
    for element in page.iter():
        for name in element.attrib:
            assert not name.startswith("on") and name not in {"style", "src", "href"}, name
    outside = text.replace(data.text, "")
    assert not re.search(r"https?://|url\(|@import", outside), "an address of another host"
    report = json.loads(data.text)
    return {
        "findings": [
            [row["rule"], row["severity"], row["waived"], row["message"]] for row in report["findings"]
        ],
        "problems": sum(1 for row in report["unread"] if row["matters"]),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
