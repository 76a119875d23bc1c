"""Application configuration."""

from django.apps import AppConfig


class ProductsConfig(AppConfig):
    """What banks offer, to whom, on what terms, in which published version."""

    name = "apps.products"
    label = "products"
    verbose_name = "金融产品"
