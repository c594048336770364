"""
A made-up country: the directory of agencies of an axis as large as the real one.

The provinces of before 2025 with their codes, and below them what such provinces have:
departments, districts, communes, and the units of each; below the provinces nothing is anybody's
real one. The same number gives the same units, the highest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PROVINCES: Final = (
    *("An Giang", "Bắc Giang", "Bắc Kạn", "Bạc Liêu", "Bắc Ninh", "Bà Rịa - Vũng Tàu"),
    *("Bến Tre", "Bình Định", "Bình Dương", "Bình Phước", "Bình Thuận", "Cà Mau"),
    *("Cần Thơ", "Cao Bằng", "Đắk Lắk", "Đắk Nông", "Đà Nẵng", "Điện Biên", "Đồng Nai"),
    *("Đồng Tháp", "Gia Lai", "Hà Giang", "Hải Dương", "Hải Phòng", "Hà Nam", "Hà Nội"),
    *("Hà Tĩnh", "Hòa Bình", "Hồ Chí Minh", "Hậu Giang", "Hưng Yên", "Khánh Hòa"),
    *("Kiên Giang", "Kon Tum", "Lai Châu", "Lâm Đồng", "Lạng Sơn", "Lào Cai", "Long An"),
    *("Nam Định", "Nghệ An", "Ninh Bình", "Ninh Thuận", "Phú Thọ", "Phú Yên"),
    *("Quảng Bình", "Quảng Nam", "Quảng Ngãi", "Quảng Ninh", "Quảng Trị", "Sóc Trăng"),
    *("Sơn La", "Tây Ninh", "Thái Bình", "Thái Nguyên", "Thanh Hóa", "Thừa Thiên Huế"),
    *("Tiền Giang", "Trà Vinh", "Tuyên Quang", "Vĩnh Long", "Vĩnh Phúc", "Yên Bái"),
)
_CITIES: Final = frozenset({"Cần Thơ", "Đà Nẵng", "Hải Phòng", "Hà Nội", "Hồ Chí Minh"})
_DEPARTMENTS: Final = (
    *("Văn phòng Ủy ban nhân dân", "Sở Nội vụ", "Sở Tư pháp", "Sở Kế hoạch và Đầu tư"),
    *("Sở Tài chính", "Sở Công Thương", "Sở Nông nghiệp và Phát triển nông thôn"),
    *("Sở Giao thông vận tải", "Sở Xây dựng", "Sở Tài nguyên và Môi trường"),
    *("Sở Thông tin và Truyền thông", "Sở Khoa học và Công nghệ", "Sở Y tế"),
    *("Sở Giáo dục và Đào tạo", "Sở Văn hóa, Thể thao và Du lịch", "Thanh tra"),
    *("Sở Lao động - Thương binh và Xã hội", "Sở Ngoại vụ", "Ban Dân tộc"),
)
_IN_A_DEPARTMENT: Final = (
    *("Văn phòng", "Thanh tra", "Phòng Tổ chức cán bộ", "Phòng Kế hoạch - Tài chính"),
    *("Phòng Nghiệp vụ", "Chi cục Quản lý", "Trung tâm Dịch vụ", "Trung tâm Thông tin"),
    *("Ban Quản lý dự án", "Phòng Pháp chế"),
)
_IN_A_DISTRICT: Final = (
    *("Văn phòng Hội đồng nhân dân và Ủy ban nhân dân", "Phòng Nội vụ", "Phòng Tư pháp"),
    *("Phòng Tài chính - Kế hoạch", "Phòng Giáo dục và Đào tạo", "Phòng Y tế"),
    *("Phòng Văn hóa và Thông tin", "Thanh tra", "Phòng Tài nguyên và Môi trường"),
)
_IN_A_COMMUNE: Final = (
    *("Văn phòng Đảng ủy", "Trường Mầm non", "Trường Tiểu học", "Trường Trung học cơ sở"),
    *("Trạm Y tế", "Công an", "Ban Chỉ huy Quân sự", "Hội đồng nhân dân", "Hội Nông dân"),
)
_FIRST: Final = (
    *("An", "Bình", "Châu", "Đại", "Đông", "Đức", "Gia", "Hòa", "Hồng", "Kim", "Long", "Mỹ"),
    *("Nam", "Phú", "Quang", "Sơn", "Tân", "Thanh", "Vân", "Xuân", "Yên"),
)
_SECOND: Final = (
    *("Bảng", "Cường", "Dương", "Giang", "Hải", "Hưng", "Khê", "Lãng", "Lộc", "Minh", "Phong"),
    *("Phúc", "Quan", "Sơn", "Thành", "Thịnh", "Thủy", "Tiến", "Trạch", "Trung", "Vượng"),
)
_DISTRICTS: Final = range(31, 45)  # two digits, behind those of the departments
_COMMUNES: Final = 12  # of each district


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: its code, its code of QCVN 102:2016, its name and whose it is."""

    code: str
    old_code: str
    name: str
    parent: str
    mail: str


def census(count: int) -> Iterator[Unit]:
    """Yield so many units, or all there are, which is some 130 000."""
    levels = (_provinces(), _departments(), _districts(), _communes(), _below())
    return islice(chain.from_iterable(levels), count)


def _provinces() -> Iterator[Unit]:
    for code, name in _numbered():
        yield _unit(code, f"Ủy ban nhân dân {_province(name)}")


def _departments() -> Iterator[Unit]:
    for number, department in enumerate(_DEPARTMENTS, start=1):
        for code, name in _numbered():
            yield _unit(f"{code}.{number:02}", f"{department} {_province(name)}")


def _districts() -> Iterator[Unit]:
    for district in _DISTRICTS:
        for number, (code, province) in enumerate(_numbered()):
            name = _place(number * 17 + district)
            yield _unit(
                f"{code}.{district}", f"Ủy ban nhân dân huyện {name}, {_province(province)}"
            )


def _communes() -> Iterator[Unit]:
    for code, name, place in _all_communes():
        yield _unit(code, f"Ủy ban nhân dân {name}, {place}")


def _below() -> Iterator[Unit]:
    """Yield what communes, districts and departments have below them."""
    for number, kind in enumerate(_IN_A_COMMUNE, start=1):
        for code, name, place in _all_communes():
            yield _unit(f"{code}.{number:02}", f"{kind} {name}, {place}")
    for number, kind in enumerate(_IN_A_DISTRICT, start=_COMMUNES + 1):
        for unit in _districts():
            place = unit.name.removeprefix("Ủy ban nhân dân ")
            yield _unit(f"{unit.code}.{number:02}", f"{kind} {place}")
    for number, kind in enumerate(_IN_A_DEPARTMENT, start=1):
        for unit in _departments():
            yield _unit(f"{unit.code}.{number:02}", f"{kind}, {unit.name}")


def _all_communes() -> Iterator[tuple[str, str, str]]:
    for commune in range(1, _COMMUNES + 1):
        for number, (code, province) in enumerate(_numbered()):
            for district in _DISTRICTS:
                name = _place(number * 31 + district * 7 + commune * 13)
                of = _place(number * 17 + district)
                place = f"huyện {of}, {_province(province)}"
                kind = "thị trấn" if commune == 1 else "xã"
                yield f"{code}.{district}.{commune:02}", f"{kind} {name}", place


def _numbered() -> Iterator[tuple[str, str]]:
    return ((f"H{number:02}", name) for number, name in enumerate(PROVINCES, start=1))


def _province(name: str) -> str:
    return f"thành phố {name}" if name in _CITIES else f"tỉnh {name}"


def _place(number: int) -> str:
    return f"{_FIRST[number % len(_FIRST)]} {_SECOND[number // len(_FIRST) % len(_SECOND)]}"


def _unit(code: str, name: str) -> Unit:
    province, *below = code.split(".")
    third, second, first = [*(["00"] * (3 - len(below))), *reversed(below)]
    return Unit(
        code=code,
        old_code=f"{third:>03}.{second}.{first}.{province}",
        name=name,
        parent=code.rpartition(".")[0],
        mail=f"{code.replace('.', '-').lower()}@example.gov.vn",
    )
