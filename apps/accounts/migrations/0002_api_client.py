import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        # The token tables refer to the user table, so they come between it and this one.
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiClient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('firm_owner', '企业负责人'), ('firm_accountant', '企业财务人员'), ('bank_officer', '银行客户经理'), ('bank_approver', '银行审批人'), ('authority', '主管部门'), ('department', '数据报送部门'), ('regulator', '金融监管'), ('operator', '平台管理员'), ('auditor', '审计管理员'), ('system', '系统')], max_length=20, verbose_name='角色')),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
                ('application', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='api_client', to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='api_clients', to='accounts.organization')),
            ],
        ),
    ]
