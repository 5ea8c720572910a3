"""REST addresses of the orders app."""

from django.urls import path

from orders.api import views

urlpatterns = [
    path("orders", views.OrderListView.as_view()),
    path("orders/bulk", views.OrdersBulkView.as_view()),
    path("orders/<int:order_id>", views.OrderView.as_view()),
    path("refunds", views.RefundListView.as_view()),
    path("refunds/bulk", views.RefundsBulkView.as_view()),
]
