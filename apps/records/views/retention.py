"""What went at the end of its keeping, for those who answer for it."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.actor import Role
from apps.core.pages import ActorRequest, actor_required
from apps.records import selectors

PAGE_ROWS = 50


@require_GET
@actor_required(Role.OPERATOR, Role.AUDITOR)
def proof_list(request: ActorRequest) -> HttpResponse:
    """Proofs of deletion, newest first."""
    page = Paginator(selectors.proofs_visible_to(request.actor), PAGE_ROWS).get_page(request.GET.get("page"))
    names = selectors.names_of_items()
    context = {
        "rows": [{"proof": proof, "item": names[proof.item_code]} for proof in page],
        "links": {
            "previous_url": f"?page={page.previous_page_number()}" if page.has_previous() else None,
            "next_url": f"?page={page.next_page_number()}" if page.has_next() else None,
            "summary": f"第{page.number}页，共{page.paginator.num_pages}页，{page.paginator.count}条",
        },
    }
    return render(request, "records/proof_list.html", context)
