"""What the brand sells: some thirty snacks, each of one taste. Pure."""

from dataclasses import dataclass
from decimal import Decimal

TASTES = ("辣", "甜", "咸", "健康")


@dataclass(frozen=True)
class Product:
    """One article. Units: `price` in CNY."""

    sku: str
    name: str
    taste: str
    price: Decimal


def _products(taste: str, *lines: tuple[str, str]) -> list[Product]:
    letter = {"辣": "L", "甜": "T", "咸": "X", "健康": "J"}[taste]
    return [
        Product(f"HWD-{letter}{number:02}", name, taste, Decimal(price))
        for number, (name, price) in enumerate(lines, start=1)
    ]


PRODUCTS = (
    *_products(
        "辣",
        ("麻辣牛肉干 100g", "39.90"),
        ("香辣鸭脖 200g", "29.90"),
        ("川味辣豆干 150g", "12.90"),
        ("藤椒鸡爪 300g", "36.80"),
        ("火锅味锅巴 120g", "9.90"),
        ("香辣小鱼仔 180g", "19.90"),
        ("辣味零食大礼包 12 件", "129.00"),
        ("泡椒笋尖 220g", "15.80"),
    ),
    *_products(
        "甜",
        ("芒果干 100g", "18.90"),
        ("手工牛轧糖 250g", "32.80"),
        ("红豆酥饼 8 枚", "26.90"),
        ("蓝莓夹心饼干 160g", "14.90"),
        ("桂花米糕 300g", "22.80"),
        ("草莓冻干脆 60g", "28.80"),
        ("儿童水果软糖 120g", "16.90"),
        ("下午茶甜点礼盒", "99.00"),
    ),
    *_products(
        "咸",
        ("海苔脆片 80g", "19.90"),
        ("盐焗腰果 200g", "42.80"),
        ("咸蛋黄锅巴 150g", "15.90"),
        ("原味瓜子 500g", "21.80"),
        ("蟹黄味蚕豆 250g", "13.90"),
        ("芝士薯片 100g", "11.90"),
        ("每日坚果 7 袋", "49.90"),
        ("家庭坚果礼盒 1.2kg", "119.00"),
    ),
    *_products(
        "健康",
        ("无糖燕麦饼干 200g", "24.90"),
        ("低钠海苔卷 60g", "17.80"),
        ("高钙小米锅巴 150g", "16.80"),
        ("冻干银耳羹 6 碗", "45.90"),
        ("黑芝麻丸 9 颗", "35.80"),
        ("低糖绿豆糕 240g", "27.80"),
        ("长辈养生礼盒", "109.00"),
        ("宝宝米饼 50g", "19.80"),
    ),
)
BY_TASTE = {taste: [one for one in PRODUCTS if one.taste == taste] for taste in TASTES}
