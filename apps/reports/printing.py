"""From the stored content of a document to HTML and CSS, and from there to the PDF."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import segno
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from apps.core.digests import canonical_json, plain, sha256_of
from apps.profiles.services import Evaluated
from apps.reports.documents import scorecard_evaluation
from apps.reports.documents.bulletin import sections
from apps.reports.documents.wording import instant
from apps.reports.rendering import Rendered, render_pdf

_WATERMARK_LINES = range(140, 1122, 230)


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the content of a document."""
    return sha256_of(canonical_json(content))


def verify_address(number: str) -> str:
    """Where a report can be verified: with the address of the site where one is configured, else the path alone."""
    return f"{settings.SITE_URL}{reverse('reports:verify', args=[number])}"


def html_of(content: Mapping[str, Any]) -> str:
    """The credit report as one HTML page."""
    address = verify_address(content["number"])
    values = {
        "report": content,
        "digest": digest_of(content),
        "verify_url": address,
        "qr": segno.make_qr(address, error="m").svg_data_uri(dark="#16353d", border=0),
    }
    return render_to_string("reports/credit_report.html", values)


def css_of(content: Mapping[str, Any]) -> str:
    """The style sheet with the watermark of this copy."""
    watermark = render_to_string(
        "reports/watermark.svg",
        {"line": content["watermark"], "number": content["number"], "rows": _WATERMARK_LINES},
    )
    image = b64encode(watermark.strip().encode()).decode()
    return (
        render_to_string("reports/print.css")
        + f'@page {{ background: url("data:image/svg+xml;base64,{image}") no-repeat center / 210mm 297mm }}\n'
    )


def print_report(content: Mapping[str, Any]) -> Rendered:
    """The PDF of a stored content; the same content gives the same bytes."""
    return render_pdf(html=html_of(content), css=css_of(content), identifier=content["number"].encode())


def print_bulletin(content: Mapping[str, Any], issued: str) -> Rendered:
    """The PDF of a monthly bulletin (`records.selectors.bulletin_of`); `issued` says whether and when it came out."""
    digest = digest_of(content)
    values = {"bulletin": content, "sections": sections(content), "digest": digest, "issued": issued}
    return render_pdf(
        html=render_to_string("reports/bulletin.html", values),
        css=render_to_string("reports/print.css") + render_to_string("reports/bulletin.css"),
        identifier=digest.encode(),
    )


def evaluation_content(told: Evaluated) -> dict[str, Any]:
    """An evaluation as JSON-ready values: what is written to a file, and what the digest on the PDF is of."""
    content: dict[str, Any] = plain(asdict(told))
    return {"label": scorecard_evaluation.LABEL, **content}


def print_evaluation(told: Evaluated) -> Rendered:
    """The PDF of the evaluation of a scorecard; the same evaluation gives the same bytes."""
    return render_pdf(
        html=evaluation_html(told),
        css="".join(
            map(render_to_string, ("reports/print.css", "reports/bulletin.css", "reports/scorecard_evaluation.css"))
        ),
        identifier=digest_of(evaluation_content(told)).encode(),
    )


def evaluation_html(told: Evaluated) -> str:
    """The evaluation as one HTML page."""
    values = {
        "title": scorecard_evaluation.title(told.sample),
        "label": scorecard_evaluation.LABEL,
        "version": told.sample.scorecard_version,
        "basis": f"评估时间 {instant(told.evaluated_at)}",
        "digest": digest_of(evaluation_content(told)),
        "sections": scorecard_evaluation.sections(told),
    }
    return render_to_string("reports/scorecard_evaluation.html", values)
