"""Routes of the work screens, inside a tenant's console."""

from django.urls import include, path

from scrm.console.work import (
    board,
    channel_board,
    channels,
    contact_notes,
    contact_page,
    contact_reach,
    contacts,
    contacts_export,
    contacts_views,
    home,
    jobs,
    orders,
)

urlpatterns = [
    path("", include("scrm.console.work.segments_urls")),
    path("", include("scrm.console.work.sops_urls")),
    path("", include("scrm.console.work.touchpoints_urls")),
    path("", home.home, name="home"),
    path("contacts/", contacts.contact_list, name="contacts"),
    path("contacts/<int:contact_id>/", contact_page.contact_page, name="contact"),
    path("contacts/<int:contact_id>/notes/", contact_notes.contact_notes, name="contact_notes"),
    path(
        "contacts/<int:contact_id>/notes/<int:note_id>/delete/",
        contact_notes.contact_note_delete,
        name="contact_note_delete",
    ),
    path("contacts/<int:contact_id>/consent/", contact_reach.contact_consent, name="contact_consent"),
    path("contacts/<int:contact_id>/segments/", contact_page.contact_segments, name="contact_segments"),
    path("contacts/export/", contacts_export.export_contacts, name="export_contacts"),
    path("contacts/views/", contacts_views.view_save, name="contact_view_save"),
    path("contacts/views/<int:view_id>/delete/", contacts_views.view_delete, name="contact_view_delete"),
    path("contacts/columns/", contacts_views.columns_choose, name="contact_columns"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:job_id>/", jobs.job_page, name="job"),
    path("jobs/<int:job_id>/file/", jobs.job_file, name="job_file"),
    path("orders/", orders.order_list, name="orders"),
    path("orders/waiting/", orders.waiting_orders, name="orders_waiting"),
    path("orders/<int:order_id>/", orders.order_page, name="order"),
    path("channels/", channels.channels, name="channels"),
    path("channels/board/", channel_board.channel_board, name="channel_board"),
    path("channels/board.csv", channel_board.channel_board_csv, name="channel_board_csv"),
    path("channels/board/cell/", board.board_cell, name="channel_cell"),
    path("cohorts/", board.board, name="cohorts"),
    path("cohorts.csv", board.board_csv, name="cohorts_csv"),
    path("cohorts/cell/", board.board_cell, name="cohort_cell"),
    path("cohorts/cell.csv", board.board_cell_csv, name="cohort_cell_csv"),
]
